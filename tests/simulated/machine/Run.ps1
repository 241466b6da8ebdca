# Runs step scripts, unchanged, on simulated servers: one (-Script), or the many of -List, a file that grows by a line of
# JSON for each: Script, InputPath ('' = none), OutputPath, Server. Of each of the many a line of JSON comes back: Error,
# Ended (by it), Shown, Milliseconds. Each has a runspace and a server of its own; only the process is shared, which ends
# with the one that asks (-Parent).
param([string] $List, [int] $Parent, [string] $Script, [string] $InputPath, [string] $OutputPath, [switch] $Exits)

. "$PSScriptRoot/Edition.ps1"
# The classes are compiled once for all (the file is renamed into place, two processes may begin together).
# No [System.IO.File] in this file: PowerShell would remember the class that it found before Types.ps1.
if (-not [System.IO.FileInfo]::new($SimLibrary).Exists) {
    $part = [System.IO.FileInfo]::new("$SimLibrary.$PID.dll")
    Add-Type -Path "$PSScriptRoot/Windows.cs" -OutputAssembly $part.FullName -OutputType Library -IgnoreWarnings -ErrorAction Stop @SimCompiler
    try { $part.MoveTo($SimLibrary) } catch { $part.Delete() }   # the other process was first
}
Add-Type -Path $SimLibrary -ErrorAction Stop
Add-Type -AssemblyName System.Xml.Linq   # of System.ps1; 5.1 has not loaded it
. "$PSScriptRoot/Types.ps1"

if (-not $List) {
    . "$PSScriptRoot/Machine.ps1"
    $ErrorView = 'NormalView'
    if ($SimCore) { $PSStyle.OutputRendering = 'PlainText' }   # 5.1 writes no colour codes
    & $Script -InputPath $InputPath -OutputPath $OutputPath
    if ($Exits) { [System.Environment]::Exit($LASTEXITCODE) }   # `exit` waits a minute for a session whose process is gone
    return
}

# What -match has compiled is the process's, by its text alone: in another culture it would match otherwise.
# The field is s_regexCache in 7, _regexCache in 5.1.
$patterns = [psobject].Assembly.GetType('System.Management.Automation.ParserOps').GetFields([System.Reflection.BindingFlags] 'Static, NonPublic') |
    Where-Object { $_.Name -like '*_regexCache' } | ForEach-Object { , $_.GetValue($null) }
$state = New-SimState
$env:PATH = ''   # a tool that is missing on the server is not to be found here instead
function ConvertTo-Quoted { param([string] $Text) "'" + $Text.Replace("'", "''") + "'" }
$lines = [System.IO.StreamReader]::new([System.IO.FileStream]::new($List, 'Open', 'Read', 'ReadWrite'))
$asking = [System.Diagnostics.Process]::GetProcessById($Parent)
while ($true) {
    $line = ''
    while (-not $line.EndsWith("`n")) {
        if ($asking.HasExited) { return }
        [System.Threading.Thread]::Sleep(3)
        $line += $lines.ReadToEnd()
    }
    $job = ConvertFrom-Json -InputObject $line
    $watch = [System.Diagnostics.Stopwatch]::StartNew()
    $env:SIM_SERVER = $job.Server
    $env:SIM_AS = ''
    $patterns.Clear()
    $shell = [powershell]::Create($state)
    $call = "& $(ConvertTo-Quoted $job.Script) -OutputPath $(ConvertTo-Quoted $job.OutputPath)"
    if ($job.InputPath) { $call += " -InputPath $(ConvertTo-Quoted $job.InputPath)" }
    $null = $shell.AddScript(". $(ConvertTo-Quoted "$PSScriptRoot/Machine.ps1"); $call")
    $errors = @()
    $ended = $false
    $shown = ''
    try { $shown = ($shell.Invoke() | Microsoft.PowerShell.Utility\Out-String -Width 400) }
    catch { $ended = $true; $errors += [string] $_.Exception.InnerException.Message; $errors += [string] $_.Exception.InnerException.ErrorRecord.FullyQualifiedErrorId }
    $errors += @($shell.Streams.Error | ForEach-Object { [string] $_ })
    foreach ($warning in $shell.Streams.Warning) { $shown += "WARNING: $warning`n" }
    $shell.Dispose()
    $hangs = "$($job.Server)/hangs"
    if (Test-Path -LiteralPath $hangs) { $errors = @("SIM: hangs in $(Get-Content -LiteralPath $hangs -Raw)") }
    $answer = ConvertTo-Json -Compress @{ Error = ($errors -join "`n"); Ended = $ended; Shown = $shown; Milliseconds = $watch.ElapsedMilliseconds }
    $bytes = [System.Text.Encoding]::UTF8.GetBytes("$answer`n")
    $stdout = [System.Console]::OpenStandardOutput()
    $stdout.Write($bytes, 0, $bytes.Length)
}
