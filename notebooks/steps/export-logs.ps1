#region runbook
param([string] $InputPath, [string] $OutputPath)
#endregion runbook
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

# Exports the event logs that say something about licensing. Writes .evtx files into one folder, nothing else.
# wevtutil: the folder has to exist, /ow:true replaces an earlier file, 15007 = this system has no such log.

# Inputs
$Folder = 'C:\Temp\RDS'
#region runbook
if ($InputPath) {
    $given = Get-Content -LiteralPath $InputPath -Raw -Encoding UTF8 | ConvertFrom-Json
    $Folder = $given.Folder
}
#endregion runbook

$licensing = 'Microsoft-Windows-TerminalServices-Licensing'
$connections = 'Microsoft-Windows-TerminalServices-RemoteConnectionManager'
$providers = "*[System[Provider[@Name='$licensing' or @Name='TermServLicensing']]]"
$logs = @(
    @{ Channel = "$licensing/Operational"; Query = $null; File = 'Licensing-Operational.evtx' }
    @{ Channel = "$licensing/Admin"; Query = $null; File = 'Licensing-Admin.evtx' }
    @{ Channel = "$connections/Operational"; Query = $null; File = 'RemoteConnectionManager-Operational.evtx' }
    @{ Channel = "$connections/Admin"; Query = $null; File = 'RemoteConnectionManager-Admin.evtx' }
    @{ Channel = 'System'; Query = $providers; File = 'System-Licensing.evtx' }
)

if (-not (Test-Path -LiteralPath $Folder -PathType Container)) {
    $null = New-Item -Path $Folder -ItemType Directory -Force -ErrorAction Stop
}

$exports = @(
    foreach ($log in $logs) {
        $path = Join-Path -Path $Folder -ChildPath $log.File
        $query = if ($log.Query) { $log.Query } else { '*' }
        $text = wevtutil.exe epl $log.Channel $path "/q:$query" /ow:true
        $exitCode = $LASTEXITCODE
        $size = $null
        if ($exitCode -eq 0 -and (Test-Path -LiteralPath $path)) {
            $size = (Get-Item -LiteralPath $path).Length
        }
        [pscustomobject]@{
            Channel  = $log.Channel
            Query    = $log.Query
            File     = $log.File
            ExitCode = $exitCode
            Missing  = ($exitCode -eq 15007)
            Size     = $size
            Text     = @($text | ForEach-Object -Process { [string] $_ })
        }
    }
)

$result = [pscustomobject]@{
    Folder  = $Folder
    Exports = @($exports)
}

#region runbook
if ($OutputPath) {
    ConvertTo-Json -InputObject @($result) -Depth 6 | Out-File -LiteralPath $OutputPath -Encoding utf8
}
#endregion runbook
$result
