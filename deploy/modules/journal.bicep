// A place for copies of journals: blobs can be added and read, not changed and not deleted.
@description('Region.')
param location string

@description('Name of the storage account.')
param accountName string

@description('Days for which a blob can be neither changed nor deleted.')
param keepDays int

@description('Object ids of the identities that may add copies.')
param principalIds array

@description('Log Analytics workspace.')
param workspaceId string

resource account 'Microsoft.Storage/storageAccounts@2023-05-01' = {
  name: accountName
  location: location
  kind: 'StorageV2'
  sku: {
    name: 'Standard_ZRS'
  }
  properties: {
    allowBlobPublicAccess: false
    allowSharedKeyAccess: false
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
  }
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2023-05-01' = {
  parent: account
  name: 'default'
  properties: {}
}

resource journals 'Microsoft.Storage/storageAccounts/blobServices/containers@2023-05-01' = {
  parent: blobs
  name: 'journals'
  properties: {
    publicAccess: 'None'
  }
}

// Unlocked, so that it can still be tried out. Lock it when it is right; nobody can shorten it afterwards.
resource immutable 'Microsoft.Storage/storageAccounts/blobServices/containers/immutabilityPolicies@2023-05-01' = {
  parent: journals
  name: 'default'
  properties: {
    immutabilityPeriodSinceCreationInDays: keepDays
    allowProtectedAppendWrites: true
  }
}

resource adder 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: guid(resourceGroup().id, 'avd-failover-journal')
  properties: {
    roleName: 'AVD failover journal copies (${resourceGroup().name})'
    description: 'Add and read journal copies. No delete, no keys.'
    type: 'CustomRole'
    permissions: [
      {
        actions: []
        notActions: []
        dataActions: [
          'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read'
          'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/add/action'
        ]
        notDataActions: []
      }
    ]
    assignableScopes: [
      resourceGroup().id
    ]
  }
}

resource may 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for one in principalIds: {
  name: guid(journals.id, adder.id, one)
  scope: journals
  properties: {
    principalId: one
    principalType: 'ServicePrincipal'
    roleDefinitionId: adder.id
  }
}]

resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-logs'
  scope: blobs
  properties: {
    workspaceId: workspaceId
    logs: [
      {
        category: 'StorageRead'
        enabled: true
      }
      {
        category: 'StorageWrite'
        enabled: true
      }
      {
        category: 'StorageDelete'
        enabled: true
      }
    ]
  }
}
