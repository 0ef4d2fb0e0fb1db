// Who is the app? One user-assigned identity: it outlives the app, so that what an administrator granted it in Graph stays.

@description('Name of the identity.')
param name string

@description('Region.')
param location string

@description('Tags of every resource.')
param tags object

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: name
  location: location
  tags: tags
}

@description('Object id, to which roles and Graph permissions are granted.')
output principalId string = identity.properties.principalId
