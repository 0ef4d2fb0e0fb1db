// What may the app do in Entra? The permissions on Microsoft Graph of its identity, as `instroom permissions grant` gives them.
// Apart from the other templates: the compiler fetches its extension from mcr.microsoft.com, and who deploys it must be a
// Privileged Role Administrator. docs/permissions.md says what each permission is for, and which are never granted.

targetScope = 'resourceGroup'

extension microsoftGraphV1

@description('Object id of the app\'s identity: output identityPrincipalId of infra/main.bicep.')
@minLength(36)
@maxLength(36)
param identityPrincipalId string

@description('A permission that the app may ever hold.')
type Permission =
  | 'User.ReadWrite.All'
  | 'Group.ReadBasic.All'
  | 'GroupMember.ReadWrite.All'
  | 'Group.ReadWrite.All'
  | 'LicenseAssignment.Read.All'
  | 'User-LifeCycleInfo.ReadWrite.All'
  | 'UserAuthMethod-TAP.ReadWrite.All'
  | 'Policy.Read.AuthenticationMethod'
  | 'Application.Read.All'
  | 'Organization.Read.All'
  | 'UserAuthenticationMethod.Read.All'
  | 'UserAuthMethod-Phone.ReadWrite.All'
  | 'UserAuthMethod-Passkey.ReadWrite.All'
  | 'UserAuthMethod-MicrosoftAuthApp.ReadWrite.All'
  | 'UserAuthMethod-SoftwareOATH.ReadWrite.All'
  | 'UserAuthMethod-WindowsHello.ReadWrite.All'
  | 'UserAuthMethod-Email.ReadWrite.All'
  | 'Device.ReadWrite.All'
  | 'MailboxSettings.ReadWrite'

@description('Permissions by name. Add those that `instroom permissions show` lists beside these.')
param permissions Permission[] = [
  'User.ReadWrite.All'
  'Group.ReadBasic.All'
  'GroupMember.ReadWrite.All'
]

resource graph 'Microsoft.Graph/servicePrincipals@v1.0' existing = {
  appId: '00000003-0000-0000-c000-000000000000' // the same in every tenant; ids of roles are looked up by name
}

resource grants 'Microsoft.Graph/appRoleAssignedTo@v1.0' = [
  for permission in permissions: {
    principalId: identityPrincipalId
    resourceId: graph.id
    // A name that Graph does not offer ends the deployment: there is no first of nothing.
    appRoleId: first(filter(
      graph.appRoles,
      role => role.value == permission && role.isEnabled && contains(role.allowedMemberTypes, 'Application')
    ))!.id
  }
]
