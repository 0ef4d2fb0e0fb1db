// How is everything reached in private? The app's traffic goes through one network, its storage, bus and vault are
// reached over private endpoints only, and it leaves to HR, Graph and TOPdesk by one fixed address.

@description('Name of the network.')
param name string

@description('Beginning of the other names.')
param prefix string

@description('Name of the subnet that the app goes out through.')
param appSubnetName string

@description('Region.')
param location string

@description('Tags of every resource.')
param tags object

@description('Address space, at least a /24. It must not overlap with networks that this one is peered with.')
param addressSpace string

@description('Name of the host\'s storage account.')
param hostStorageName string

@description('Name of the ledger\'s storage account.')
param ledgerName string

@description('Name of the Service Bus namespace.')
param namespaceName string

@description('Name of the vault.')
param vaultName string

@description('Whether the vault gets an endpoint too.')
param vaultIsPrivate bool

@description('Name of the account that CSV exports arrive in; empty: there is none.')
param exportsName string

var storageSuffix = environment().suffixes.storage

resource hostStorage 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: hostStorageName
}

resource ledger 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: ledgerName
}

resource exports 'Microsoft.Storage/storageAccounts@2025-06-01' existing = if (!empty(exportsName)) {
  name: empty(exportsName) ? 'none' : exportsName
}

resource namespace 'Microsoft.ServiceBus/namespaces@2026-01-01' existing = {
  name: namespaceName
}

resource vault 'Microsoft.KeyVault/vaults@2026-02-01' existing = {
  name: vaultName
}

// What gets an endpoint: which part of which resource. Each kind of part has one zone in which its private address is
// found. What follows `environment()` is known late, so it must not decide how many there are.
var zoneOf = {
  blob: 'privatelink.blob.${storageSuffix}'
  table: 'privatelink.table.${storageSuffix}'
  queue: 'privatelink.queue.${storageSuffix}'
  namespace: 'privatelink.servicebus.windows.net'
  vault: 'privatelink.vaultcore.azure.net'
}
var parts = ['blob', 'table', 'queue', 'namespace', ...(vaultIsPrivate ? ['vault'] : [])]
var targets = [
  { name: 'host-blob', id: hostStorage.id, part: 'blob' }
  { name: 'host-table', id: hostStorage.id, part: 'table' }
  { name: 'host-queue', id: hostStorage.id, part: 'queue' }
  { name: 'ledger', id: ledger.id, part: 'table' }
  { name: 'bus', id: namespace.id, part: 'namespace' }
  ...(empty(exportsName) ? [] : [{ name: 'exports', id: exports.id, part: 'blob' }])
  ...(vaultIsPrivate ? [{ name: 'vault', id: vault.id, part: 'vault' }] : [])
]

resource appRules 'Microsoft.Network/networkSecurityGroups@2025-05-01' = {
  name: 'nsg-${prefix}-app'
  location: location
  tags: tags
  properties: {
    securityRules: [
      {
        name: 'nothing-comes-in'
        properties: {
          priority: 4000
          direction: 'Inbound'
          access: 'Deny'
          protocol: '*'
          sourceAddressPrefix: 'Internet'
          sourcePortRange: '*'
          destinationAddressPrefix: '*'
          destinationPortRange: '*'
        }
      }
    ]
  }
}

resource endpointRules 'Microsoft.Network/networkSecurityGroups@2025-05-01' = {
  name: 'nsg-${prefix}-endpoints'
  location: location
  tags: tags
  properties: {
    securityRules: [
      {
        name: 'the-app-comes-in'
        properties: {
          priority: 100
          direction: 'Inbound'
          access: 'Allow'
          protocol: 'Tcp'
          sourceAddressPrefix: cidrSubnet(addressSpace, 26, 0)
          sourcePortRange: '*'
          destinationAddressPrefix: cidrSubnet(addressSpace, 26, 1)
          destinationPortRanges: ['443', '5671', '5672']
        }
      }
      {
        name: 'nothing-else-comes-in'
        properties: {
          priority: 4000
          direction: 'Inbound'
          access: 'Deny'
          protocol: '*'
          sourceAddressPrefix: '*'
          sourcePortRange: '*'
          destinationAddressPrefix: '*'
          destinationPortRange: '*'
        }
      }
    ]
  }
}

resource address 'Microsoft.Network/publicIPAddresses@2025-05-01' = {
  name: 'pip-${prefix}'
  location: location
  tags: tags
  sku: { name: 'Standard' }
  properties: { publicIPAllocationMethod: 'Static' }
}

resource gateway 'Microsoft.Network/natGateways@2025-05-01' = {
  name: 'ng-${prefix}'
  location: location
  tags: tags
  sku: { name: 'Standard' }
  properties: {
    publicIpAddresses: [{ id: address.id }]
  }
}

resource network 'Microsoft.Network/virtualNetworks@2025-05-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    addressSpace: { addressPrefixes: [addressSpace] }
    subnets: [
      {
        name: appSubnetName
        properties: {
          addressPrefix: cidrSubnet(addressSpace, 26, 0)
          defaultOutboundAccess: false
          natGateway: { id: gateway.id }
          networkSecurityGroup: { id: appRules.id }
          delegations: [
            {
              name: 'flex'
              properties: { serviceName: 'Microsoft.App/environments' }
            }
          ]
        }
      }
      {
        name: 'endpoints'
        properties: {
          addressPrefix: cidrSubnet(addressSpace, 26, 1)
          defaultOutboundAccess: false
          privateEndpointNetworkPolicies: 'NetworkSecurityGroupEnabled'
          networkSecurityGroup: { id: endpointRules.id }
        }
      }
    ]
  }

  resource endpointSubnet 'subnets' existing = {
    name: 'endpoints'
  }
}

resource zone 'Microsoft.Network/privateDnsZones@2024-06-01' = [
  for part in parts: {
    name: zoneOf[part]
    location: 'global'
    tags: tags
  }
]

resource zoneLink 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = [
  for (part, index) in parts: {
    parent: zone[index]
    name: 'to-${network.name}'
    location: 'global'
    tags: tags
    properties: {
      registrationEnabled: false
      virtualNetwork: { id: network.id }
    }
  }
]

resource endpoint 'Microsoft.Network/privateEndpoints@2025-05-01' = [
  for target in targets: {
    name: 'pe-${prefix}-${target.name}'
    location: location
    tags: tags
    properties: {
      subnet: { id: network::endpointSubnet.id }
      privateLinkServiceConnections: [
        {
          name: target.name
          properties: {
            privateLinkServiceId: target.id
            groupIds: [target.part]
          }
        }
      ]
    }
  }
]

resource endpointName 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2025-05-01' = [
  for (target, index) in targets: {
    parent: endpoint[index]
    name: 'default'
    properties: {
      privateDnsZoneConfigs: [
        {
          name: target.name
          properties: { privateDnsZoneId: zone[indexOf(parts, target.part)].id }
        }
      ]
    }
    dependsOn: [zoneLink]
  }
]

@description('The address that HR, Graph and TOPdesk see the app come from.')
output outgoingAddress string = address.properties.ipAddress
