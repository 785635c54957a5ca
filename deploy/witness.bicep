// The witness of a plan: a container that keeps the lease of the pool pair and copies of journals. Deploy it into
// a resource group in a third region, where neither side of the plan is.
@description('Region; neither side of the plan.')
param location string = resourceGroup().location

@description('Name of the storage account; global, 3 to 24 small letters and digits.')
@minLength(3)
@maxLength(24)
param accountName string

@description('Name of the container.')
param containerName string = 'failover'

@description('Object ids of the identities that drive runs of the plan.')
param principalIds array

@description('Days for which an earlier version of a blob can be brought back.')
param keepDays int = 90

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

// Versions show what was overwritten. No immutability: the record of the lease is written again and again.
resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2023-05-01' = {
  parent: account
  name: 'default'
  properties: {
    isVersioningEnabled: true
    deleteRetentionPolicy: {
      enabled: true
      days: keepDays
    }
  }
}

resource container 'Microsoft.Storage/storageAccounts/blobServices/containers@2023-05-01' = {
  parent: blobs
  name: containerName
  properties: {
    publicAccess: 'None'
  }
}

resource witness 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: guid(resourceGroup().id, 'avd-failover-witness')
  properties: {
    roleName: 'AVD failover witness (${resourceGroup().name})'
    description: 'Hold the lease of a pool pair, add and read copies of journals. No delete, no keys.'
    type: 'CustomRole'
    permissions: [
      {
        actions: []
        notActions: []
        dataActions: [
          'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read'
          'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/write'
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
  name: guid(container.id, witness.id, one)
  scope: container
  properties: {
    principalId: one
    principalType: 'ServicePrincipal'
    roleDefinitionId: witness.id
  }
}]

output container string = '${account.properties.primaryEndpoints.blob}${containerName}'
