# Puts the classes of Windows.cs in the place of their namesakes: PowerShell looks here by name before it looks in .NET.
$names = [psobject].Assembly.GetType('System.Management.Automation.TypeAccelerators').GetField(
    'builtinTypeAccelerators', [System.Reflection.BindingFlags] 'Static, NonPublic').GetValue($null)
$ours = @{
    'System.Security.Principal.SecurityIdentifier' = [Sim.SecurityIdentifier]
    'System.Security.Principal.WindowsIdentity'    = [Sim.WindowsIdentity]
    'System.Security.Principal.WindowsPrincipal'   = [Sim.WindowsPrincipal]
    'System.IO.DriveInfo' = [Sim.DriveInfo]; 'System.IO.Path' = [Sim.Path]; 'System.IO.File' = [Sim.File]
    'System.Net.Dns' = [Sim.Dns]; 'System.Net.Sockets.TcpClient' = [Sim.TcpClient]
}
foreach ($name in $ours.Keys) { $names.Add($name, $ours[$name]) }
$PSVersionTable['PSVersion'] = [version] '5.1.20348.2849'
$PSVersionTable['PSEdition'] = 'Desktop'
