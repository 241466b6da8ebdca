#region runbook
param([string] $InputPath, [string] $OutputPath)
#endregion runbook
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

# Is the license server a member of Terminal Server License Servers (S-1-5-32-561), and what does policy say of
# it? Without the membership, per user licences are neither tracked nor reported. Reads only.

# Inputs
$Domain = ''   # empty: the license server's own domain
#region runbook
if ($InputPath) {
    $given = Get-Content -LiteralPath $InputPath -Raw -Encoding UTF8 | ConvertFrom-Json
    $Domain = $given.Domain
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

$class = @{ Namespace = 'root/cimv2'; ClassName = 'Win32_TSLicenseServer'; ErrorAction = 'Stop' }
$methods = @(
    'IsLSinTSLSGroup', 'IsLSonDC', 'IsLSRegisteredToSCP', 'IsLSSecGrpGPEnabled', 'IsLSPreventUpgradeGPEnabled'
)
$calls = @(
    foreach ($method in $methods) {
        $returnValue = $null
        $value = $null
        $fault = $null
        try {
            # Each method has one answer, under a name of its own.
            switch ($method) {
                'IsLSinTSLSGroup' {
                    $answer = Invoke-CimMethod @class -MethodName 'IsLSinTSLSGroup' -Arguments @{ Domain = $Domain }
                    $value = $answer.IsMember
                }
                'IsLSonDC' {
                    $answer = Invoke-CimMethod @class -MethodName 'IsLSonDC'
                    $value = $answer.OnDC
                }
                'IsLSRegisteredToSCP' {
                    $answer = Invoke-CimMethod @class -MethodName 'IsLSRegisteredToSCP'
                    $value = $answer.Registered
                }
                'IsLSSecGrpGPEnabled' {
                    $answer = Invoke-CimMethod @class -MethodName 'IsLSSecGrpGPEnabled'
                    $value = $answer.Enabled
                }
                'IsLSPreventUpgradeGPEnabled' {
                    $answer = Invoke-CimMethod @class -MethodName 'IsLSPreventUpgradeGPEnabled'
                    $value = $answer.Enabled
                }
            }
            $returnValue = $answer.ReturnValue
            if ($returnValue -ne 0) {
                $value = $null
            }
        }
        catch {
            $value = $null
            $fault = ConvertTo-Fault -ErrorRecord $_
        }
        [pscustomobject]@{
            Method      = $method
            ReturnValue = $returnValue
            Value       = $value
            Fault       = $fault
        }
    }
)

$result = [pscustomobject]@{
    Domain = $Domain
    Calls  = @($calls)
}

#region runbook
if ($OutputPath) {
    ConvertTo-Json -InputObject @($result) -Depth 6 | Out-File -LiteralPath $OutputPath -Encoding utf8
}
#endregion runbook
$result
