// Assign a role at one recovery vault.
@description('Object id of the identity.')
param principalId string

@description('Full id of the role.')
param roleDefinitionId string

@description('Name of the recovery vault, in the resource group of this deployment.')
param resourceName string

@description('Condition of the assignment; none when empty.')
param condition string = ''

resource vault 'Microsoft.RecoveryServices/vaults@2024-04-01' existing = {
  name: resourceName
}

resource assignment 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(vault.id, roleDefinitionId, principalId)
  scope: vault
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: roleDefinitionId
    condition: empty(condition) ? null : condition
    conditionVersion: empty(condition) ? null : '2.0'
  }
}
