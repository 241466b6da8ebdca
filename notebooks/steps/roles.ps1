#region runbook
param([string] $InputPath, [string] $OutputPath)
#endregion runbook
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

# Which of the roles and tools are installed. Name and InstallState are never translated. Reads only.

# Inputs
$Names = @(
    'Remote-Desktop-Services', 'RDS-Licensing', 'RDS-Licensing-UI', 'RDS-RD-Server',
    'RSAT-RDS-Licensing-Diagnosis-UI', 'Windows-Server-Backup'
)

function ConvertTo-Fault {
    param([System.Management.Automation.ErrorRecord] $ErrorRecord)
    [pscustomobject]@{
        FullyQualifiedErrorId = $ErrorRecord.FullyQualifiedErrorId
        Category              = $ErrorRecord.CategoryInfo.Category.ToString()
        HResult               = '0x{0:X8}' -f $ErrorRecord.Exception.HResult
        Message               = $ErrorRecord.Exception.Message
    }
}

$features = @()
$fault = $null
try {
    $features = @(
        foreach ($feature in Get-WindowsFeature -ErrorAction Stop) {
            if ($Names -contains $feature.Name) {
                [pscustomobject]@{ Name = $feature.Name; InstallState = [string] $feature.InstallState }
            }
        }
    )
}
catch {
    # A client system has no such cmdlet.
    $fault = ConvertTo-Fault -ErrorRecord $_
}

$result = [pscustomobject]@{
    Features = @($features)
    Fault    = $fault
}

#region runbook
if ($OutputPath) {
    ConvertTo-Json -InputObject @($result) -Depth 6 | Out-File -LiteralPath $OutputPath -Encoding utf8
}
#endregion runbook
$result
