// Everything that runs failovers without a person: identities, a hybrid worker, schedules, and a place for
// journals. Deploy it into a resource group in the secondary region: it must not lie where the disaster is.
//
//   az deployment group create --resource-group rg-avd-failover --template-file main.bicep --parameters ...
//
// Roles on the desktops themselves are not here: failover permissions --plan NAME --output arm|bicep.
targetScope = 'resourceGroup'

@description('Region: that of the side that survives.')
param location string = resourceGroup().location

@description('Beginning of every name.')
param prefix string = 'avd-failover'

@description('Plan that is checked daily and drilled on schedule.')
param planName string

@description('Name of an existing Linux virtual machine in this resource group that becomes the worker.')
param workerName string

@description('Where the published runbook script lies; upload it by hand when empty.')
param runbookUri string = ''

@description('First drill and first check; must be in the future.')
param firstStart string = dateTimeAdd(utcNow('u'), 'P1D')

@description('Months between drills; guidance asks for two a year.')
@minValue(1)
param drillEveryMonths int = 6

@description('Name of the storage account for journals; global, 3 to 24 small letters and digits.')
@minLength(3)
@maxLength(24)
param journalAccountName string

@description('Days for which a journal copy can be neither changed nor deleted.')
@minValue(1)
param keepDays int = 365

resource failoverIdentity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: '${prefix}-runs'
  location: location
}

// A drill may assign the test group and nobody else, so it has an identity of its own.
resource drillIdentity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: '${prefix}-drills'
  location: location
}

resource logs 'Microsoft.OperationalInsights/workspaces@2022-10-01' = {
  name: '${prefix}-logs'
  location: location
  properties: {
    sku: {
      name: 'PerGB2018'
    }
    retentionInDays: 90
  }
}

module automation 'modules/automation.bicep' = {
  name: '${prefix}-automation'
  params: {
    location: location
    prefix: prefix
    planName: planName
    workerName: workerName
    runbookUri: runbookUri
    firstStart: firstStart
    drillEveryMonths: drillEveryMonths
    runsClientId: failoverIdentity.properties.clientId
    drillsClientId: drillIdentity.properties.clientId
    workspaceId: logs.id
  }
}

module journal 'modules/journal.bicep' = {
  name: '${prefix}-journal'
  params: {
    location: location
    accountName: journalAccountName
    keepDays: keepDays
    principalIds: [
      failoverIdentity.properties.principalId
      drillIdentity.properties.principalId
    ]
    workspaceId: logs.id
  }
}

@description('For failover permissions: --parameters principalId=...')
output failoverPrincipalId string = failoverIdentity.properties.principalId

@description('For failover permissions --testers: --parameters principalId=...')
output drillPrincipalId string = drillIdentity.properties.principalId

@description('To be attached to the worker, both of them: az vm identity assign.')
output identityIds array = [
  failoverIdentity.id
  drillIdentity.id
]
