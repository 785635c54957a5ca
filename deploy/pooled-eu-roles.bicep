// Least privilege for pooled-eu. Made by: failover permissions --output bicep
targetScope = 'subscription'

@description('Object id of the identity that runs the failover.')
param principalId string

resource role1 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: '93d5de2d-0ebf-51a2-9738-40ca911bd4bc'
  properties: {
    roleName: 'AVD failover pooled-eu: host pools'
    description: 'Host pools, their session hosts and sessions.'
    type: 'CustomRole'
    permissions: [
      {
        actions: [
          'Microsoft.DesktopVirtualization/hostpools/read'
          'Microsoft.DesktopVirtualization/hostpools/sessionhosts/read'
          'Microsoft.DesktopVirtualization/hostpools/sessionhosts/usersessions/delete'
          'Microsoft.DesktopVirtualization/hostpools/sessionhosts/usersessions/sendMessage/action'
          'Microsoft.DesktopVirtualization/hostpools/sessionhosts/write'
          'Microsoft.DesktopVirtualization/hostpools/usersessions/read'
          'Microsoft.DesktopVirtualization/hostpools/write'
        ]
        notActions: []
        dataActions: []
        notDataActions: []
      }
    ]
    assignableScopes: [
      '/subscriptions/5b0c1a1e-6f0e-4a3b-9d5b-0f5f0c0e0001/resourcegroups/rg-avd-neu'
      '/subscriptions/5b0c1a1e-6f0e-4a3b-9d5b-0f5f0c0e0001/resourcegroups/rg-avd-weu'
    ]
  }
}

module role1at1 'modules/host-pool-role.bicep' = {
  name: 'avd-failover-role1at1'
  scope: resourceGroup('5b0c1a1e-6f0e-4a3b-9d5b-0f5f0c0e0001', 'rg-avd-neu')
  params: {
    principalId: principalId
    roleDefinitionId: role1.id
    resourceName: 'hp-pooled-neu'
  }
}

module role1at2 'modules/host-pool-role.bicep' = {
  name: 'avd-failover-role1at2'
  scope: resourceGroup('5b0c1a1e-6f0e-4a3b-9d5b-0f5f0c0e0001', 'rg-avd-weu')
  params: {
    principalId: principalId
    roleDefinitionId: role1.id
    resourceName: 'hp-pooled-weu'
  }
}

resource role2 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: '357767da-ab12-53ba-a8bf-4f2e7a748f41'
  properties: {
    roleName: 'AVD failover pooled-eu: scaling plans'
    description: 'Scaling plans and their schedules.'
    type: 'CustomRole'
    permissions: [
      {
        actions: [
          'Microsoft.DesktopVirtualization/scalingplans/pooledSchedules/read'
          'Microsoft.DesktopVirtualization/scalingplans/pooledSchedules/write'
          'Microsoft.DesktopVirtualization/scalingplans/read'
          'Microsoft.DesktopVirtualization/scalingplans/write'
        ]
        notActions: []
        dataActions: []
        notDataActions: []
      }
    ]
    assignableScopes: [
      '/subscriptions/5b0c1a1e-6f0e-4a3b-9d5b-0f5f0c0e0001/resourcegroups/rg-avd-neu'
      '/subscriptions/5b0c1a1e-6f0e-4a3b-9d5b-0f5f0c0e0001/resourcegroups/rg-avd-weu'
    ]
  }
}

module role2at1 'modules/scaling-plan-role.bicep' = {
  name: 'avd-failover-role2at1'
  scope: resourceGroup('5b0c1a1e-6f0e-4a3b-9d5b-0f5f0c0e0001', 'rg-avd-neu')
  params: {
    principalId: principalId
    roleDefinitionId: role2.id
    resourceName: 'sp-pooled-neu'
  }
}

module role2at2 'modules/scaling-plan-role.bicep' = {
  name: 'avd-failover-role2at2'
  scope: resourceGroup('5b0c1a1e-6f0e-4a3b-9d5b-0f5f0c0e0001', 'rg-avd-weu')
  params: {
    principalId: principalId
    roleDefinitionId: role2.id
    resourceName: 'sp-pooled-weu'
  }
}

resource role3 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: '66585a1b-a98b-562e-b93d-0deef312335a'
  properties: {
    roleName: 'AVD failover pooled-eu: machines'
    description: 'Virtual machines of session hosts.'
    type: 'CustomRole'
    permissions: [
      {
        actions: [
          'Microsoft.Compute/virtualMachines/deallocate/action'
          'Microsoft.Compute/virtualMachines/read'
          'Microsoft.Compute/virtualMachines/start/action'
        ]
        notActions: []
        dataActions: []
        notDataActions: []
      }
    ]
    assignableScopes: [
      '/subscriptions/5b0c1a1e-6f0e-4a3b-9d5b-0f5f0c0e0001/resourcegroups/rg-avd-neu-hosts'
      '/subscriptions/5b0c1a1e-6f0e-4a3b-9d5b-0f5f0c0e0001/resourcegroups/rg-avd-weu-hosts'
    ]
  }
}

module role3at1 'modules/group-role.bicep' = {
  name: 'avd-failover-role3at1'
  scope: resourceGroup('5b0c1a1e-6f0e-4a3b-9d5b-0f5f0c0e0001', 'rg-avd-neu-hosts')
  params: {
    principalId: principalId
    roleDefinitionId: role3.id
  }
}

module role3at2 'modules/group-role.bicep' = {
  name: 'avd-failover-role3at2'
  scope: resourceGroup('5b0c1a1e-6f0e-4a3b-9d5b-0f5f0c0e0001', 'rg-avd-weu-hosts')
  params: {
    principalId: principalId
    roleDefinitionId: role3.id
  }
}

resource role4 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: '62e05e23-4a25-552b-aa70-c1dbfb397607'
  properties: {
    roleName: 'AVD failover pooled-eu: visibility'
    description: 'Every way in: application groups, roles, role assignments. Changes nothing.'
    type: 'CustomRole'
    permissions: [
      {
        actions: [
          'Microsoft.Authorization/roleAssignments/read'
          'Microsoft.Authorization/roleDefinitions/read'
          'Microsoft.Compute/locations/operations/read'
          'Microsoft.DesktopVirtualization/applicationgroups/read'
        ]
        notActions: []
        dataActions: []
        notDataActions: []
      }
    ]
    assignableScopes: [
      '/subscriptions/5b0c1a1e-6f0e-4a3b-9d5b-0f5f0c0e0001'
    ]
  }
}

module role4at1 'modules/subscription-role.bicep' = {
  name: 'avd-failover-role4at1'
  scope: subscription('5b0c1a1e-6f0e-4a3b-9d5b-0f5f0c0e0001')
  params: {
    principalId: principalId
    roleDefinitionId: role4.id
  }
}

resource role5 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: '2d3d1dcd-0a4c-5b90-859a-c84f4a65f47c'
  properties: {
    roleName: 'AVD failover pooled-eu: access'
    description: 'Who is assigned to application groups. Only ever with its condition.'
    type: 'CustomRole'
    permissions: [
      {
        actions: [
          'Microsoft.Authorization/roleAssignments/delete'
          'Microsoft.Authorization/roleAssignments/write'
        ]
        notActions: []
        dataActions: []
        notDataActions: []
      }
    ]
    assignableScopes: [
      '/subscriptions/5b0c1a1e-6f0e-4a3b-9d5b-0f5f0c0e0001/resourcegroups/rg-avd-neu'
      '/subscriptions/5b0c1a1e-6f0e-4a3b-9d5b-0f5f0c0e0001/resourcegroups/rg-avd-weu'
    ]
  }
}

module role5at1 'modules/application-group-role.bicep' = {
  name: 'avd-failover-role5at1'
  scope: resourceGroup('5b0c1a1e-6f0e-4a3b-9d5b-0f5f0c0e0001', 'rg-avd-neu')
  params: {
    principalId: principalId
    roleDefinitionId: role5.id
    resourceName: 'appg2-neu'
    condition: '''(
 (!(ActionMatches{'Microsoft.Authorization/roleAssignments/write'}))
 OR
 (
  @Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {1d18fff3-a72a-46b5-b4a9-0b38a3cd7e63}
  AND @Request[Microsoft.Authorization/roleAssignments:PrincipalId] ForAnyOfAnyValues:GuidEquals {6a000000-0000-4000-8000-000000000001, 6a000000-0000-4000-8000-000000000002}
  AND @Request[Microsoft.Authorization/roleAssignments:PrincipalType] ForAnyOfAnyValues:StringEqualsIgnoreCase {'Group'}
 )
)
AND
(
 (!(ActionMatches{'Microsoft.Authorization/roleAssignments/delete'}))
 OR
 (
  @Resource[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {1d18fff3-a72a-46b5-b4a9-0b38a3cd7e63}
  AND @Resource[Microsoft.Authorization/roleAssignments:PrincipalId] ForAnyOfAnyValues:GuidEquals {6a000000-0000-4000-8000-000000000001, 6a000000-0000-4000-8000-000000000002}
  AND @Resource[Microsoft.Authorization/roleAssignments:PrincipalType] ForAnyOfAnyValues:StringEqualsIgnoreCase {'Group'}
 )
)'''
  }
}

module role5at2 'modules/application-group-role.bicep' = {
  name: 'avd-failover-role5at2'
  scope: resourceGroup('5b0c1a1e-6f0e-4a3b-9d5b-0f5f0c0e0001', 'rg-avd-neu')
  params: {
    principalId: principalId
    roleDefinitionId: role5.id
    resourceName: 'appg3-neu'
    condition: '''(
 (!(ActionMatches{'Microsoft.Authorization/roleAssignments/write'}))
 OR
 (
  @Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {1d18fff3-a72a-46b5-b4a9-0b38a3cd7e63}
  AND @Request[Microsoft.Authorization/roleAssignments:PrincipalId] ForAnyOfAnyValues:GuidEquals {6a000000-0000-4000-8000-000000000002, 6a000000-0000-4000-8000-000000000003}
  AND @Request[Microsoft.Authorization/roleAssignments:PrincipalType] ForAnyOfAnyValues:StringEqualsIgnoreCase {'Group'}
 )
)
AND
(
 (!(ActionMatches{'Microsoft.Authorization/roleAssignments/delete'}))
 OR
 (
  @Resource[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {1d18fff3-a72a-46b5-b4a9-0b38a3cd7e63}
  AND @Resource[Microsoft.Authorization/roleAssignments:PrincipalId] ForAnyOfAnyValues:GuidEquals {6a000000-0000-4000-8000-000000000002, 6a000000-0000-4000-8000-000000000003}
  AND @Resource[Microsoft.Authorization/roleAssignments:PrincipalType] ForAnyOfAnyValues:StringEqualsIgnoreCase {'Group'}
 )
)'''
  }
}

module role5at3 'modules/application-group-role.bicep' = {
  name: 'avd-failover-role5at3'
  scope: resourceGroup('5b0c1a1e-6f0e-4a3b-9d5b-0f5f0c0e0001', 'rg-avd-neu')
  params: {
    principalId: principalId
    roleDefinitionId: role5.id
    resourceName: 'dag1-neu'
    condition: '''(
 (!(ActionMatches{'Microsoft.Authorization/roleAssignments/write'}))
 OR
 (
  @Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {1d18fff3-a72a-46b5-b4a9-0b38a3cd7e63}
  AND @Request[Microsoft.Authorization/roleAssignments:PrincipalId] ForAnyOfAnyValues:GuidEquals {6a000000-0000-4000-8000-000000000001, 6a000000-0000-4000-8000-000000000002, 6a000000-0000-4000-8000-000000000003}
  AND @Request[Microsoft.Authorization/roleAssignments:PrincipalType] ForAnyOfAnyValues:StringEqualsIgnoreCase {'Group'}
 )
)
AND
(
 (!(ActionMatches{'Microsoft.Authorization/roleAssignments/delete'}))
 OR
 (
  @Resource[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {1d18fff3-a72a-46b5-b4a9-0b38a3cd7e63}
  AND @Resource[Microsoft.Authorization/roleAssignments:PrincipalId] ForAnyOfAnyValues:GuidEquals {6a000000-0000-4000-8000-000000000001, 6a000000-0000-4000-8000-000000000002, 6a000000-0000-4000-8000-000000000003}
  AND @Resource[Microsoft.Authorization/roleAssignments:PrincipalType] ForAnyOfAnyValues:StringEqualsIgnoreCase {'Group'}
 )
)'''
  }
}

module role5at4 'modules/application-group-role.bicep' = {
  name: 'avd-failover-role5at4'
  scope: resourceGroup('5b0c1a1e-6f0e-4a3b-9d5b-0f5f0c0e0001', 'rg-avd-weu')
  params: {
    principalId: principalId
    roleDefinitionId: role5.id
    resourceName: 'appg2-weu'
    condition: '''(
 (!(ActionMatches{'Microsoft.Authorization/roleAssignments/write'}))
 OR
 (
  @Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {1d18fff3-a72a-46b5-b4a9-0b38a3cd7e63}
  AND @Request[Microsoft.Authorization/roleAssignments:PrincipalId] ForAnyOfAnyValues:GuidEquals {6a000000-0000-4000-8000-000000000001, 6a000000-0000-4000-8000-000000000002}
  AND @Request[Microsoft.Authorization/roleAssignments:PrincipalType] ForAnyOfAnyValues:StringEqualsIgnoreCase {'Group'}
 )
)
AND
(
 (!(ActionMatches{'Microsoft.Authorization/roleAssignments/delete'}))
 OR
 (
  @Resource[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {1d18fff3-a72a-46b5-b4a9-0b38a3cd7e63}
  AND @Resource[Microsoft.Authorization/roleAssignments:PrincipalId] ForAnyOfAnyValues:GuidEquals {6a000000-0000-4000-8000-000000000001, 6a000000-0000-4000-8000-000000000002}
  AND @Resource[Microsoft.Authorization/roleAssignments:PrincipalType] ForAnyOfAnyValues:StringEqualsIgnoreCase {'Group'}
 )
)'''
  }
}

module role5at5 'modules/application-group-role.bicep' = {
  name: 'avd-failover-role5at5'
  scope: resourceGroup('5b0c1a1e-6f0e-4a3b-9d5b-0f5f0c0e0001', 'rg-avd-weu')
  params: {
    principalId: principalId
    roleDefinitionId: role5.id
    resourceName: 'appg3-weu'
    condition: '''(
 (!(ActionMatches{'Microsoft.Authorization/roleAssignments/write'}))
 OR
 (
  @Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {1d18fff3-a72a-46b5-b4a9-0b38a3cd7e63}
  AND @Request[Microsoft.Authorization/roleAssignments:PrincipalId] ForAnyOfAnyValues:GuidEquals {6a000000-0000-4000-8000-000000000002, 6a000000-0000-4000-8000-000000000003}
  AND @Request[Microsoft.Authorization/roleAssignments:PrincipalType] ForAnyOfAnyValues:StringEqualsIgnoreCase {'Group'}
 )
)
AND
(
 (!(ActionMatches{'Microsoft.Authorization/roleAssignments/delete'}))
 OR
 (
  @Resource[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {1d18fff3-a72a-46b5-b4a9-0b38a3cd7e63}
  AND @Resource[Microsoft.Authorization/roleAssignments:PrincipalId] ForAnyOfAnyValues:GuidEquals {6a000000-0000-4000-8000-000000000002, 6a000000-0000-4000-8000-000000000003}
  AND @Resource[Microsoft.Authorization/roleAssignments:PrincipalType] ForAnyOfAnyValues:StringEqualsIgnoreCase {'Group'}
 )
)'''
  }
}

module role5at6 'modules/application-group-role.bicep' = {
  name: 'avd-failover-role5at6'
  scope: resourceGroup('5b0c1a1e-6f0e-4a3b-9d5b-0f5f0c0e0001', 'rg-avd-weu')
  params: {
    principalId: principalId
    roleDefinitionId: role5.id
    resourceName: 'dag1-weu'
    condition: '''(
 (!(ActionMatches{'Microsoft.Authorization/roleAssignments/write'}))
 OR
 (
  @Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {1d18fff3-a72a-46b5-b4a9-0b38a3cd7e63}
  AND @Request[Microsoft.Authorization/roleAssignments:PrincipalId] ForAnyOfAnyValues:GuidEquals {6a000000-0000-4000-8000-000000000001, 6a000000-0000-4000-8000-000000000002, 6a000000-0000-4000-8000-000000000003}
  AND @Request[Microsoft.Authorization/roleAssignments:PrincipalType] ForAnyOfAnyValues:StringEqualsIgnoreCase {'Group'}
 )
)
AND
(
 (!(ActionMatches{'Microsoft.Authorization/roleAssignments/delete'}))
 OR
 (
  @Resource[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {1d18fff3-a72a-46b5-b4a9-0b38a3cd7e63}
  AND @Resource[Microsoft.Authorization/roleAssignments:PrincipalId] ForAnyOfAnyValues:GuidEquals {6a000000-0000-4000-8000-000000000001, 6a000000-0000-4000-8000-000000000002, 6a000000-0000-4000-8000-000000000003}
  AND @Resource[Microsoft.Authorization/roleAssignments:PrincipalType] ForAnyOfAnyValues:StringEqualsIgnoreCase {'Group'}
 )
)'''
  }
}
