#region runbook
param([string] $InputPath, [string] $OutputPath)
#endregion runbook
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

# Events 26 and 88 to 93 of the licensing provider since the incident. That there are none proves nothing;
# 93 proves only which reason was chosen in the wizard. Reads only.

# Inputs
$Since = (Get-Date).AddDays(-30).ToUniversalTime().ToString('o')
#region runbook
if ($InputPath) {
    $given = Get-Content -LiteralPath $InputPath -Raw -Encoding UTF8 | ConvertFrom-Json
    $Since = '{0:o}' -f $given.Since   # PowerShell 7 makes a date of the text, 5.1 leaves it
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
$from = [datetime]::Parse($Since, [cultureinfo]::InvariantCulture, 'RoundtripKind').ToUniversalTime()
$time = $from.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", [cultureinfo]::InvariantCulture)
$xpath = "*[System[Provider[@Name='$licensing' or @Name='TermServLicensing']" +
    " and (EventID=26 or (EventID >= 88 and EventID <= 93)) and TimeCreated[@SystemTime >= '$time']]]"

$events = @()
$searches = @(
    foreach ($channel in 'System', "$licensing/Operational", "$licensing/Admin") {
        $noMatch = $false
        $more = $false
        $missing = $false
        $fault = $null
        $found = @()
        $errorRecords = @()
        try {
            # A text that cannot be put together is an error of that event: it may not end the list.
            $found = @(Get-WinEvent -LogName $channel -FilterXPath $xpath -MaxEvents 201 `
                    -ErrorAction SilentlyContinue -ErrorVariable 'errorRecords')
            # The newest 200; one more says that there are more.
            $more = $found.Count -gt 200
            $found = @($found | Select-Object -First 200)
            $events += @(
                foreach ($record in $found) {
                    $at = $null
                    if ($record.TimeCreated) {
                        $at = $record.TimeCreated.ToUniversalTime().ToString('o')
                    }
                    [pscustomobject]@{
                        Id         = [int] $record.Id
                        Provider   = [string] $record.ProviderName
                        Channel    = [string] $record.LogName
                        RecordId   = $record.RecordId
                        At         = $at
                        Level      = if ($null -ne $record.Level) { [int] $record.Level } else { $null }
                        Properties = @($record.Properties | ForEach-Object { [string] $_.Value })
                        Message    = $record.Message
                    }
                }
            )
        }
        catch {
            $errorRecords = @($_)
        }
        foreach ($problem in $errorRecords | Where-Object -FilterScript { $_ -is [System.Management.Automation.ErrorRecord] }) {
            # By id, never by text: "nothing found" comes as an error too.
            $kind = $problem.FullyQualifiedErrorId.Split(',')[0]
            if ($kind -eq 'NoMatchingEventsFound') {
                $noMatch = $true
            }
            elseif ($kind -eq 'NoMatchingLogsFound') {
                $missing = $true
            }
            elseif (-not $fault) {
                $fault = ConvertTo-Fault -ErrorRecord $problem
            }
        }
        [pscustomobject]@{ Channel = $channel; NoMatch = $noMatch; More = $more; Missing = $missing; Fault = $fault }
    }
)

$result = [pscustomobject]@{
    Since    = $time
    Searches = @($searches)
    Events   = @($events)
}

#region runbook
if ($OutputPath) {
    ConvertTo-Json -InputObject @($result) -Depth 6 | Out-File -LiteralPath $OutputPath -Encoding utf8
}
#endregion runbook
$result
