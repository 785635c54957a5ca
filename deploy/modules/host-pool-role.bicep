// Assign a role at one host pool.
@description('Object id of the identity.')
param principalId string

@description('Full id of the role.')
param roleDefinitionId string

@description('Name of the host pool, in the resource group of this deployment.')
param resourceName string

@description('Condition of the assignment; none when empty.')
param condition string = ''

resource hostPool 'Microsoft.DesktopVirtualization/hostPools@2024-04-03' existing = {
  name: resourceName
}

resource assignment 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(hostPool.id, roleDefinitionId, principalId)
  scope: hostPool
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: roleDefinitionId
    condition: empty(condition) ? null : condition
    conditionVersion: empty(condition) ? null : '2.0'
  }
}
