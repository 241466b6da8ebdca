# What makes a process of PowerShell the session on a server (New-PSSession in Remoting.ps1). SIM_SERVER is its folder.
. "$PSScriptRoot/Edition.ps1"
$PSStyle.OutputRendering = 'PlainText'
Add-Type -Path $SimLibrary
. "$PSScriptRoot/Types.ps1"
. "$PSScriptRoot/Machine.ps1"
$env:SIM_LINE = $PID   # the process that ends where a call is told to cut the line
# What stands last: a constrained endpoint ("languageMode").
if ($Sim.Server.ContainsKey('languageMode')) { $ExecutionContext.SessionState.LanguageMode = $Sim.Server.languageMode }
