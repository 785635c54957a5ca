// Assign a role at one capacity reservation group.
@description('Object id of the identity.')
param principalId string

@description('Full id of the role.')
param roleDefinitionId string

@description('Name of the capacity reservation group, in the resource group of this deployment.')
param resourceName string

@description('Condition of the assignment; none when empty.')
param condition string = ''

resource reservations 'Microsoft.Compute/capacityReservationGroups@2024-03-01' existing = {
  name: resourceName
}

resource assignment 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(reservations.id, roleDefinitionId, principalId)
  scope: reservations
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: roleDefinitionId
    condition: empty(condition) ? null : condition
    conditionVersion: empty(condition) ? null : '2.0'
  }
}
