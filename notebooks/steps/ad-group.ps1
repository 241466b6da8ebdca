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
    $Domain = [string] $given.Domain
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
                    $name = 'IsMember'
                    $answer = Invoke-CimMethod @class -MethodName 'IsLSinTSLSGroup' -Arguments @{ Domain = $Domain }
                }
                'IsLSonDC' {
                    $name = 'OnDC'
                    $answer = Invoke-CimMethod @class -MethodName 'IsLSonDC'
                }
                'IsLSRegisteredToSCP' {
                    $name = 'Registered'
                    $answer = Invoke-CimMethod @class -MethodName 'IsLSRegisteredToSCP'
                }
                'IsLSSecGrpGPEnabled' {
                    $name = 'Enabled'
                    $answer = Invoke-CimMethod @class -MethodName 'IsLSSecGrpGPEnabled'
                }
                'IsLSPreventUpgradeGPEnabled' {
                    $name = 'Enabled'
                    $answer = Invoke-CimMethod @class -MethodName 'IsLSPreventUpgradeGPEnabled'
                }
            }
            $returnValue = $answer.ReturnValue
            # A method that failed may leave its answer out altogether.
            if ($returnValue -eq 0 -and $answer.PSObject.Properties[$name] -and $null -ne $answer.$name) {
                $value = [bool] $answer.$name
            }
        }
        catch {
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
