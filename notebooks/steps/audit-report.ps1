#region runbook
param([string] $InputPath, [string] $OutputPath)
#endregion runbook
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

# The license server's usage report: made on the server, counted here, deleted again. Entries are counted by
# version and kind; no user name leaves this script. 0x4001 = there is nothing (more) to fetch.

function ConvertTo-Fault {
    param([System.Management.Automation.ErrorRecord] $ErrorRecord)
    [pscustomobject]@{
        FullyQualifiedErrorId = $ErrorRecord.FullyQualifiedErrorId
        Category              = $ErrorRecord.CategoryInfo.Category.ToString()
        HResult               = '0x{0:X8}' -f $ErrorRecord.Exception.HResult
        Message               = $ErrorRecord.Exception.Message
    }
}

$all = @{ StartIndex = [uint32] 0; Count = [uint32] 0 }   # Count 0: every entry
$fileName = $null
$generateReturnValue = $null
$summary = @()
$summaryReturnValue = $null
$users = @()
$usersReturnValue = $null
$failedCount = $null
$failedReturnValue = $null
$deleted = $false
$deleteReturnValue = $null
$fault = $null
$report = $null
try {
    $made = Invoke-CimMethod -Namespace 'root/cimv2' -ClassName 'Win32_TSLicenseReport' `
        -MethodName 'GenerateReportEx' -ErrorAction Stop
    $generateReturnValue = $made.ReturnValue
    if ($generateReturnValue -eq 0) {
        $fileName = $made.FileName
        $report = Get-CimInstance -Namespace 'root/cimv2' -ClassName 'Win32_TSLicenseReport' -ErrorAction Stop |
            Where-Object -FilterScript { $_.FileName -eq $fileName } |
            Select-Object -First 1
        if (-not $report) {
            throw "GenerateReportEx: it was made, and no report is called '$fileName'."
        }
    }
    if ($report) {
        # Each by itself: one that is refused, or cannot be read, takes nothing from the others.
        try {
            $answer = Invoke-CimMethod -InputObject $report -MethodName 'FetchReportSummaryEntries' -Arguments $all -ErrorAction Stop
            $summaryReturnValue = $answer.ReturnValue
            if ($summaryReturnValue -eq 0 -and $answer.PSObject.Properties['ReportSummaryEntries']) {
                $summary = @(
                    foreach ($entry in $answer.ReportSummaryEntries | Where-Object -FilterScript { $_ }) {
                        [pscustomobject]@{
                            ProductVersion    = $entry.ProductVersion
                            ProductVersionId  = $entry.ProductVersionID
                            CalType           = $entry.TSCALType
                            InstalledLicenses = $entry.InstalledLicenses
                            IssuedLicenses    = $entry.IssuedLicenses
                            Availability      = $entry.TSCALAvailability
                        }
                    }
                )
            }
        }
        catch {
            $summaryReturnValue = $null   # what cannot be read says nothing
            if (-not $fault) {
                $fault = ConvertTo-Fault -ErrorRecord $_
            }
        }
        try {
            $answer = Invoke-CimMethod -InputObject $report -MethodName 'FetchReportEntries' -Arguments $all -ErrorAction Stop
            $usersReturnValue = $answer.ReturnValue
            if ($usersReturnValue -eq 0 -and $answer.PSObject.Properties['ReportEntries']) {
                $counts = @{}
                foreach ($entry in $answer.ReportEntries | Where-Object -FilterScript { $_ }) {
                    $key = '{0}|{1}' -f $entry.ProductVersionID, $entry.CALType
                    $counts[$key] = 1 + [int] $counts[$key]
                }
                $users = @(
                    foreach ($key in $counts.Keys | Sort-Object) {
                        $parts = $key.Split([char[]] '|', 2)
                        [pscustomobject]@{
                            ProductVersionId = if ($parts[0]) { [long] $parts[0] } else { $null }
                            CalType          = $parts[1]
                            Count            = $counts[$key]
                        }
                    }
                )
            }
        }
        catch {
            $usersReturnValue = $null
            if (-not $fault) {
                $fault = ConvertTo-Fault -ErrorRecord $_
            }
        }
        try {
            $answer = Invoke-CimMethod -InputObject $report -MethodName 'FetchReportFailedPerUserEntries' -Arguments $all `
                -ErrorAction Stop
            $failedReturnValue = $answer.ReturnValue
            if ($failedReturnValue -eq 0x4001 -or $failedReturnValue -eq 0) {
                $failedCount = 0   # any other answer says nothing of how many there are
            }
            if ($failedReturnValue -eq 0 -and $answer.PSObject.Properties['ReportFailedPerUserEntries']) {
                # An empty answer may come as nothing at all: that counts as none, not as one.
                $failedCount = @($answer.ReportFailedPerUserEntries | Where-Object -FilterScript { $_ }).Count
            }
        }
        catch {
            $failedReturnValue = $null
            if (-not $fault) {
                $fault = ConvertTo-Fault -ErrorRecord $_
            }
        }
    }
}
catch {
    $fault = ConvertTo-Fault -ErrorRecord $_
}
finally {
    # What was made here goes again, also where reading it failed.
    if ($report) {
        try {
            $answer = Invoke-CimMethod -InputObject $report -MethodName 'DeleteReport' -ErrorAction Stop
            $deleteReturnValue = $answer.ReturnValue
            $deleted = ($deleteReturnValue -eq 0)
        }
        catch {
            if (-not $fault) {
                $fault = ConvertTo-Fault -ErrorRecord $_
            }
        }
    }
}
if ($fault) {
    # An error's text may name the user whose entry it is about: as DOMAIN\name, or with an at sign.
    $fault.Message = $fault.Message -replace '[^\s\\''"]+\\[^\s\\''"]+|[^\s@''"]+@[^\s@''"]+', '...'
}

$result = [pscustomobject]@{
    CollectedAt         = [datetime]::UtcNow.ToString('o')
    GenerateReturnValue = $generateReturnValue
    FileName            = $fileName
    Summary             = @($summary)
    SummaryReturnValue  = $summaryReturnValue
    Users               = @($users)
    UsersReturnValue    = $usersReturnValue
    FailedCount         = $failedCount
    FailedReturnValue   = $failedReturnValue
    Deleted             = $deleted
    DeleteReturnValue   = $deleteReturnValue
    Fault               = $fault
}

#region runbook
if ($OutputPath) {
    ConvertTo-Json -InputObject @($result) -Depth 6 | Out-File -LiteralPath $OutputPath -Encoding utf8
}
#endregion runbook
$result
