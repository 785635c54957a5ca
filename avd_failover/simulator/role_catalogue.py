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
)
