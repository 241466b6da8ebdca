# Where 7 and Windows PowerShell 5.1 want different words. All else here is one text for both, with nothing in it that 5.1
# lacks (test_machine.py). Not by $PSVersionTable: Types.ps1 writes 5.1 into it.
$SimCore = [System.Environment]::Version.Major -gt 4
$SimLibrary = "$env:SIM_LIBRARY-$([System.Environment]::Version.Major).dll"
$SimJson = $SimCompiler = @{}
if ($SimCore) {
    $SimJson = @{ DateKind = 'String' }   # 5.1 leaves a text that looks like a time as it is
    $SimCompiler = @{ CompilerOptions = '-langversion:5' }   # all that Add-Type of 5.1 understands
    $PSNativeCommandUseErrorActionPreference = $false
}
function New-SimState {
    # With PowerShell's own cmdlets in it: 7 would look for their modules in each runspace again. 5.1 has a function among
    # them (Get-FileHash), which only the module brings: Machine.ps1 imports it.
    if ($SimCore) { [System.Management.Automation.Runspaces.InitialSessionState]::CreateDefault() }
    else { [System.Management.Automation.Runspaces.InitialSessionState]::CreateDefault2() }
}
function Get-SimEncoding {
    # 7 takes numbers: ANSI and OEM are those of the simulated server, on 5.1 the machine's own. 5.1's utf8 has a mark.
    param([string] $Name)
    if (-not $SimCore) { return $Name }
    switch ($Name) { 'Default' { 1252 } 'Oem' { [int] $env:SIM_OEM } 'utf8' { 'utf8BOM' } default { $Name } }
}
