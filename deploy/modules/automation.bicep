// Automation account, worker group with one worker, the runbook, its settings, schedules and logs.
@description('Region.')
param location string

@description('Beginning of every name.')
param prefix string

@description('Plan that is checked and drilled.')
param planName string

@description('Linux virtual machine in this resource group.')
param workerName string

@description('Where the published runbook script lies; empty for an upload by hand.')
param runbookUri string

@description('First drill and first check.')
param firstStart string

@description('Months between drills.')
param drillEveryMonths int

@description('Client id of the identity of failovers and checks.')
param runsClientId string

@description('Client id of the identity of drills.')
param drillsClientId string

@description('Log Analytics workspace.')
param workspaceId string

var home = '/var/lib/avd-failover'
var settings = {
  AVD_FAILOVER_CLIENT_ID: runsClientId
  AVD_FAILOVER_DRILL_CLIENT_ID: drillsClientId
  AVD_FAILOVER_HOME: home
  AVD_FAILOVER_PLANS: '/etc/avd-failover/plans'
  AVD_FAILOVER_PYTHON: '/opt/avd-failover/bin/python'
}

resource account 'Microsoft.Automation/automationAccounts@2023-11-01' = {
  name: '${prefix}-jobs'
  location: location
  identity: {
    type: 'SystemAssigned'
  }
  properties: {
    sku: {
      name: 'Basic'
    }
    disableLocalAuth: true
    publicNetworkAccess: true
  }
}

resource variables 'Microsoft.Automation/automationAccounts/variables@2023-11-01' = [for one in items(settings): {
  parent: account
  name: one.key
  properties: {
    value: '"${one.value}"'
    isEncrypted: false
  }
}]

resource script 'Microsoft.Automation/automationAccounts/runbooks@2023-11-01' = {
  parent: account
  name: 'avd-failover'
  location: location
  properties: {
    runbookType: 'Python3'
    description: 'Parameters: WHAT (failover, back, drill, check) and PLAN'
    logProgress: true
    logVerbose: false
    publishContentLink: empty(runbookUri) ? null : {
      uri: runbookUri
    }
  }
}

// Exactly one worker: journals lie on its disk, and a restarted job must find them again.
resource workers 'Microsoft.Automation/automationAccounts/hybridRunbookWorkerGroups@2023-11-01' = {
  parent: account
  name: '${prefix}-worker'
  properties: {}
}

resource machine 'Microsoft.Compute/virtualMachines@2024-03-01' existing = {
  name: workerName
}

resource worker 'Microsoft.Automation/automationAccounts/hybridRunbookWorkerGroups/hybridRunbookWorkers@2023-11-01' = {
  parent: workers
  name: guid(account.id, machine.id)
  properties: {
    vmResourceId: machine.id
  }
}

resource agent 'Microsoft.Compute/virtualMachines/extensions@2024-03-01' = {
  parent: machine
  name: 'HybridWorkerExtension'
  location: location
  properties: {
    publisher: 'Microsoft.Azure.Automation.HybridWorker'
    type: 'HybridWorkerForLinux'
    typeHandlerVersion: '1.1'
    autoUpgradeMinorVersion: true
    settings: {
      AutomationAccountURL: account.properties.automationHybridServiceUrl
    }
  }
  dependsOn: [
    worker
  ]
}

resource drills 'Microsoft.Automation/automationAccounts/schedules@2023-11-01' = {
  parent: account
  name: 'drill-${planName}'
  properties: {
    frequency: 'Month'
    interval: drillEveryMonths
    startTime: firstStart
    timeZone: 'Etc/UTC'
  }
}

resource checks 'Microsoft.Automation/automationAccounts/schedules@2023-11-01' = {
  parent: account
  name: 'check-${planName}'
  properties: {
    frequency: 'Day'
    interval: 1
    startTime: firstStart
    timeZone: 'Etc/UTC'
  }
}

resource drillJobs 'Microsoft.Automation/automationAccounts/jobSchedules@2023-11-01' = {
  parent: account
  name: guid(account.id, drills.name)
  properties: {
    runbook: {
      name: script.name
    }
    schedule: {
      name: drills.name
    }
    runOn: workers.name
    parameters: {
      '[PARAMETER 1]': 'drill'
      '[PARAMETER 2]': planName
    }
  }
}

resource checkJobs 'Microsoft.Automation/automationAccounts/jobSchedules@2023-11-01' = {
  parent: account
  name: guid(account.id, checks.name)
  properties: {
    runbook: {
      name: script.name
    }
    schedule: {
      name: checks.name
    }
    runOn: workers.name
    parameters: {
      '[PARAMETER 1]': 'check'
      '[PARAMETER 2]': planName
    }
  }
}

resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-logs'
  scope: account
  properties: {
    workspaceId: workspaceId
    logs: [
      {
        category: 'JobLogs'
        enabled: true
      }
      {
        category: 'JobStreams'
        enabled: true
      }
    ]
  }
}
