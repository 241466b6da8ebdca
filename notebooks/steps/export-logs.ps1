#region runbook
param([string] $InputPath, [string] $OutputPath)
#endregion runbook
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

# Exports the event logs that say something about licensing. Writes .evtx files into one new folder, nothing else.
# wevtutil: the folder has to exist, 15007 = this system has no such log. /ow:true takes back a file of its own that
# a first try left; an earlier export lies in another folder.

# Inputs
$Folder = Join-Path -Path 'C:\Temp\RDS' -ChildPath ([datetime]::Now.ToString('yyyyMMdd-HHmmss', [cultureinfo]::InvariantCulture))
#region runbook
if ($InputPath) {
    $given = Get-Content -LiteralPath $InputPath -Raw -Encoding UTF8 | ConvertFrom-Json
    $Folder = [string] $given.Folder
    if (-not $Folder) {
        throw 'Folder: the folder for the logs is expected.'
    }
}
#endregion runbook

function ConvertTo-Fault {
    param([System.Management.Automation.ErrorRecord] $ErrorRecord)
    [pscustomobject]@{
        FullyQualifiedErrorId = $ErrorRecord.FullyQualifiedErrorId
        Category              = $ErrorRecord.CategoryInfo.Category.ToString()
        HResult               = '0x{0:X8}' -f $ErrorRecord.Exception.HResult
        Message               = $ErrorRecord.Exception.Message
    }
}

$licensing = 'Microsoft-Windows-TerminalServices-Licensing'
$connections = 'Microsoft-Windows-TerminalServices-RemoteConnectionManager'
$licensingNames = "@Name='$licensing' or @Name='TermServLicensing'"
$providers = "*[System[Provider[$licensingNames or @Name='TermService' or @Name='TermDD']]]"
$database = "*[System[Provider[@Name='ESENT']]]"
$logs = @(
    @{ Channel = "$licensing/Operational"; Query = $null; File = 'Licensing-Operational.evtx' }
    @{ Channel = "$licensing/Admin"; Query = $null; File = 'Licensing-Admin.evtx' }
    @{ Channel = "$connections/Operational"; Query = $null; File = 'RemoteConnectionManager-Operational.evtx' }
    @{ Channel = "$connections/Admin"; Query = $null; File = 'RemoteConnectionManager-Admin.evtx' }
    @{ Channel = 'System'; Query = $providers; File = 'System-Licensing.evtx' }
    @{ Channel = 'Application'; Query = $database; File = 'Application-ESENT.evtx' }
)

if (-not (Test-Path -LiteralPath $Folder -PathType Container)) {
    $null = New-Item -Path $Folder -ItemType Directory -Force -ErrorAction Stop
}

$exports = @(
    foreach ($log in $logs) {
        $path = Join-Path -Path $Folder -ChildPath $log.File
        $query = if ($log.Query) { $log.Query } else { '*' }
        $size = $null
        # One log that cannot be exported does not lose the others.
        $text = @()
        $exitCode = -1
        $fault = $null
        try {
            # It says why on stderr, of which 'Stop' would make an exception.
            $ErrorActionPreference = 'Continue'
            $text = wevtutil.exe epl $log.Channel $path "/q:$query" /ow:true 2>&1
            $exitCode = $LASTEXITCODE
            if ($exitCode -eq 0) {
                $size = (Get-Item -LiteralPath $path -ErrorAction Stop).Length   # that it lies there is what counts
            }
        }
        catch {
            $fault = ConvertTo-Fault -ErrorRecord $_   # it could not be started, or left nothing
        }
        finally {
            $ErrorActionPreference = 'Stop'
        }
        [pscustomobject]@{
            Channel  = $log.Channel
            Query    = $log.Query
            File     = $log.File
            ExitCode = $exitCode
            Missing  = ($exitCode -eq 15007)
            Size     = $size
            Text     = @($text | ForEach-Object -Process { [string] $_ })
            Fault    = $fault
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
