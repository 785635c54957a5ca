"""Built-in roles that a simulated Azure knows (azure-facts section 5; role texts as Azure publishes them)."""

from avd_failover.simulator.records import RoleDefinition

BUILT_IN: tuple[RoleDefinition, ...] = (
    RoleDefinition(
        id="1d18fff3-a72a-46b5-b4a9-0b38a3cd7e63",
        role_name="Desktop Virtualization User",
        description="Allows user to use the applications in an application group.",
        data_actions=("Microsoft.DesktopVirtualization/applicationGroups/useApplications/action",),
    ),
    RoleDefinition(
        id="acdd72a7-3385-48ef-bd42-f606fba81ae7",
        role_name="Reader",
        description="View all resources, but does not allow you to make any changes.",
        actions=("*/read",),
    ),
    RoleDefinition(
        id="b24988ac-6180-42a0-ab88-20f7382dd24c",
        role_name="Contributor",
        description="Grants full access to manage all resources, but does not allow you to assign roles.",
        actions=("*",),
        not_actions=(
            "Microsoft.Authorization/*/Delete",
            "Microsoft.Authorization/*/Write",
            "Microsoft.Authorization/elevateAccess/Action",
        ),
    ),
    RoleDefinition(
        id="ea4bfff8-7fb4-485a-aadd-d4129a0ffaa6",
        role_name="Desktop Virtualization User Session Operator",
        description="Operator of the Desktop Virtualization User Session.",
        actions=("Microsoft.DesktopVirtualization/hostpools/sessionhosts/usersessions/*",),
    ),
    RoleDefinition(
        id="2ad6aaab-ead9-4eaa-8ac5-da422f562408",
        role_name="Desktop Virtualization Session Host Operator",
        description="Operator of the Desktop Virtualization Session Host.",
        actions=("Microsoft.DesktopVirtualization/hostpools/sessionhosts/*",),
    ),
    RoleDefinition(
        id="40c5ff49-9181-41f8-ae61-143b0e78555e",
        role_name="Desktop Virtualization Power On Off Contributor",
        description=(
            "Provide permission to the Azure Virtual Desktop Resource Provider"
            " to start and stop virtual machines."
        ),
        actions=(
            "Microsoft.Compute/virtualMachines/start/action",
            "Microsoft.Compute/virtualMachines/deallocate/action",
            "Microsoft.Compute/virtualMachines/powerOff/action",
        ),
    ),
    RoleDefinition(
        id="fb879df8-f326-4884-b1cf-06f3ad86be52",
        role_name="Virtual Machine User Login",
        description="View Virtual Machines in the portal and login as a regular user.",
        data_actions=("Microsoft.Compute/virtualMachines/login/action",),
    ),
    RoleDefinition(
        id="8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
        role_name="Owner",
        description="Grants full access to manage all resources, including the ability to assign roles.",
        actions=("*",),
    ),
    RoleDefinition(
        id="18d7d88d-d35e-4fb5-a5c3-7773c20a72d9",
        role_name="User Access Administrator",
        description="Lets you manage user access to Azure resources.",
        actions=("*/read", "Microsoft.Authorization/*", "Microsoft.Support/*"),
    ),
    RoleDefinition(
        id="082f0a83-3be5-4ba1-904c-961cca79b387",
        role_name="Desktop Virtualization Contributor",
        description="Contributor of Desktop Virtualization.",
        actions=(
            "Microsoft.DesktopVirtualization/*",
            "Microsoft.Resources/subscriptions/resourceGroups/read",
            "Microsoft.Resources/deployments/*",
            "Microsoft.Authorization/*/read",
            "Microsoft.Insights/alertRules/*",
            "Microsoft.Support/*",
        ),
    ),
    RoleDefinition(
        id="49a72310-ab8d-41df-bbb0-79b649203868",
        role_name="Desktop Virtualization Reader",
        description="Reader of Desktop Virtualization.",
        actions=(
            "Microsoft.DesktopVirtualization/*/read",
            "Microsoft.Resources/subscriptions/resourceGroups/read",
            "Microsoft.Authorization/*/read",
        ),
    ),
    RoleDefinition(
        id="9980e02c-c2be-4d73-94e8-173b1dc7cf3c",
        role_name="Virtual Machine Contributor",
        description="Lets you manage virtual machines, but not access to them.",
        actions=(
            "Microsoft.Authorization/*/read",
            "Microsoft.Compute/virtualMachines/*",
            "Microsoft.Compute/disks/read",
            "Microsoft.Compute/locations/*",
            "Microsoft.Resources/subscriptions/resourceGroups/read",
        ),
    ),
    RoleDefinition(
        id="1c0163c0-47e6-4577-8991-ea5c82e286e4",
        role_name="Virtual Machine Administrator Login",
        description="View Virtual Machines in the portal and login as administrator.",
        data_actions=(
            "Microsoft.Compute/virtualMachines/login/action",
            "Microsoft.Compute/virtualMachines/loginAsAdmin/action",
        ),
    ),
    RoleDefinition(
        id="0c867c2a-1d8c-454a-a3db-ab2ea1bdc8bb",
        role_name="Storage File Data SMB Share Contributor",
        description="Allows for read, write, and delete access in Azure Storage file shares over SMB.",
        data_actions=(
            "Microsoft.Storage/storageAccounts/fileServices/fileshares/files/read",
            "Microsoft.Storage/storageAccounts/fileServices/fileshares/files/write",
            "Microsoft.Storage/storageAccounts/fileServices/fileshares/files/delete",
        ),
    ),
)
