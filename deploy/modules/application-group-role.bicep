// Assign a role at one application group.
@description('Object id of the identity.')
param principalId string

@description('Full id of the role.')
param roleDefinitionId string

@description('Name of the application group, in the resource group of this deployment.')
param resourceName string

@description('Condition of the assignment; none when empty.')
param condition string = ''

resource applicationGroup 'Microsoft.DesktopVirtualization/applicationGroups@2024-04-03' existing = {
  name: resourceName
}

resource assignment 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(applicationGroup.id, roleDefinitionId, principalId)
  scope: applicationGroup
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: roleDefinitionId
    condition: empty(condition) ? null : condition
    conditionVersion: empty(condition) ? null : '2.0'
  }
}
