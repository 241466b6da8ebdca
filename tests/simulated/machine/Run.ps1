# Runs step scripts, unchanged, on simulated servers: one (-Script), or the many of -List, a file or pipe with a line of
# JSON for each: Script, InputPath ('' = none), OutputPath, Server. Of each of the many a line of JSON comes back: Error,
# Ended (by it), Shown, Milliseconds. Each has a runspace and a server of its own; only the process is shared.
param([string] $List, [string] $Script, [string] $InputPath, [string] $OutputPath, [switch] $Exits)

# The classes are compiled once for all (the file is renamed into place, two processes may begin together).
$library = $env:SIM_LIBRARY
# No [System.IO.File] in this file: PowerShell would remember the class that it found before Types.ps1.
if (-not [System.IO.FileInfo]::new($library).Exists) {
    $part = "$library.$PID"
    Add-Type -Path "$PSScriptRoot/Windows.cs" -OutputAssembly $part -OutputType Library -IgnoreWarnings -ErrorAction Stop
    [System.IO.FileInfo]::new($part).MoveTo($library, $true)
}
Add-Type -Path $library
. "$PSScriptRoot/Types.ps1"
$PSNativeCommandUseErrorActionPreference = $false

if (-not $List) {
    . "$PSScriptRoot/Machine.ps1"
    $ErrorView = 'NormalView'
    $PSStyle.OutputRendering = 'PlainText'   # 5.1 writes no colour codes
    & $Script -InputPath $InputPath -OutputPath $OutputPath
    if ($Exits) { [System.Environment]::Exit($LASTEXITCODE) }   # `exit` waits a minute for a session whose process is gone
    return
}

# With PowerShell's own cmdlets in it: CreateDefault2 would look for their modules in each runspace again.
# What -match has compiled is the process's, by its text alone: in another culture it would match otherwise.
$patterns = [psobject].Assembly.GetType('System.Management.Automation.ParserOps').GetField(
    's_regexCache', [System.Reflection.BindingFlags] 'Static, NonPublic').GetValue($null)
$state = [System.Management.Automation.Runspaces.InitialSessionState]::CreateDefault()
function ConvertTo-Quoted { param([string] $Text) "'" + $Text.Replace("'", "''") + "'" }
$lines = [System.IO.StreamReader]::new($List)
while ($null -ne ($line = $lines.ReadLine())) {
    $job = ConvertFrom-Json -InputObject $line
    $watch = [System.Diagnostics.Stopwatch]::StartNew()
    $env:SIM_SERVER = $job.Server
    $env:SIM_AS = ''
    $patterns.Clear()
    $shell = [powershell]::Create($state)
    $call = "& $(ConvertTo-Quoted $job.Script) -OutputPath $(ConvertTo-Quoted $job.OutputPath)"
    if ($job.InputPath) { $call += " -InputPath $(ConvertTo-Quoted $job.InputPath)" }
    $null = $shell.AddScript(". '$PSScriptRoot/Machine.ps1'; `$PSNativeCommandUseErrorActionPreference = `$false; $call")
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
