# Classes and methods of WMI, over the description. A method's answer holds only the out parameters that are given:
# under strict mode that is the point.

$SimNamespaces = @{
    'Win32_TerminalServiceSetting' = 'root/cimv2/TerminalServices'
    'Win32_TSDeploymentLicensing'  = 'root/cimv2/TerminalServices'
}
$SimInvalidClass = @{
    Id = 'HRESULT 0x80041010,Microsoft.Management.Infrastructure.CimCmdlets.GetCimInstanceCommand'
    Category = 'MetadataError'; Message = 'Invalid class'; HResult = -2147217392
}
$SimInvalidClassOfMethod = @{} + $SimInvalidClass
$SimInvalidClassOfMethod.Id = $SimInvalidClass.Id.Replace('GetCimInstanceCommand', 'InvokeCimMethodCommand')
$SimAccessDenied = @{
    Id = 'HRESULT 0x80041003,Microsoft.Management.Infrastructure.CimCmdlets.InvokeCimMethodCommand'
    Category = 'PermissionDenied'; Message = 'Access denied'; HResult = -2147217405
}
$SimInvalidMethod = @{
    Id = 'HRESULT 0x80041055,Microsoft.Management.Infrastructure.CimCmdlets.InvokeCimMethodCommand'
    Category = 'MetadataError'; Message = 'Invalid method'; HResult = -2147217323
}

function New-SimInstance {
    param([string] $Class, $Properties)
    $found = [pscustomobject] $Properties
    $found.PSObject.TypeNames.Insert(0, "Microsoft.Management.Infrastructure.CimInstance#$Class")
    $found
}
function Test-SimClass {
    # Is the class there? Those of the license server come with its role.
    param([string] $Class, [string] $Namespace)
    if ($Class -like 'Win32_TSLicense*' -and -not $Sim.Host['licenseServer']) { return $false }
    $home_ = if ($SimNamespaces.ContainsKey($Class)) { $SimNamespaces[$Class] } else { 'root/cimv2' }
    $Namespace.Replace('\', '/') -eq $home_
}

function Get-CimInstance {
    [CmdletBinding()]
    param([string] $ClassName, [string] $Namespace = 'root/cimv2', [string] $Filter)
    if (-not (Test-SimClass $ClassName $Namespace)) { $PSCmdlet.ThrowTerminatingError((New-SimError @SimInvalidClass)) }
    $server = $Sim.Host
    $call = Step-Sim $PSCmdlet $ClassName
    if ($call -and $call.ContainsKey('rows')) {
        foreach ($row in $call.rows) {
            $shown = @{} + $row
            foreach ($key in @($shown.Keys)) { if ($key -match 'Date|LastBootUpTime' -and $shown[$key] -is [string]) { $shown[$key] = Get-SimDate $shown[$key] } }
            New-SimInstance $ClassName $shown
        }
        return
    }
    switch ($ClassName) {
        'Win32_ComputerSystem' {
            $computer = $server.computer
            New-SimInstance $ClassName @{
                DNSHostName = if ($computer.ContainsKey('dnsName')) { $computer.dnsName } else { $computer.name }
                Domain = $computer.domain; PartOfDomain = $computer.partOfDomain; DomainRole = [uint16] $computer.domainRole
            }
        }
        'Win32_OperatingSystem' {
            $os = if ($server.ContainsKey('os')) { $server.os } else { $Sim.Server.os }
            New-SimInstance $ClassName @{
                BuildNumber = $os.BuildNumber; Version = $os.Version; ProductType = [uint32] $os.ProductType
                LastBootUpTime = Get-SimDate $os.LastBootUpTime; InstallDate = Get-SimDate $os.InstallDate
            }
        }
        'Win32_Process' {
            # Asked only for what a script's command line holds: a folder of this server is in it under its own path.
            $held = [regex]::Match($Filter, "^CommandLine LIKE '%([^%_]+)%'$").Groups[1].Value
            foreach ($number in [System.Diagnostics.Process]::GetProcesses().Id) {
                try { $line = [System.IO.StreamReader]::new("/proc/$number/cmdline").ReadToEnd() } catch { continue }
                if ($held -and $line.Contains("$env:SIM_SERVER/") -and $line.Contains($held)) { New-SimInstance $ClassName @{ ProcessId = [uint32] $number } }
            }
        }
        'Win32_Service' {
            $service = $server.service
            if ($service -and $Filter -eq "Name = '$($service.name)'") {
                $running = $service.state -eq 'Running'
                New-SimInstance $ClassName @{
                    Name = $service.name; State = $service.state; StartMode = $service.startMode; StartName = $service.startName; PathName = $service.path
                    ProcessId = [uint32] $(if ($running) { $service.pid } else { 0 }); ExitCode = [uint32] 0
                }
            }
        }
        'Win32_TSLicenseServer' {
            $shown = @{}
            # To anyone not elevated the properties come back empty, without an error.
            foreach ($key in $server.licenseServer.Keys) { $shown[$key] = if ($server.computer.elevated) { $server.licenseServer[$key] } else { $null } }
            New-SimInstance $ClassName $shown
        }
        'Win32_TSLicenseKeyPack' {
            foreach ($pack in $server.keyPacks) {
                $row = @{} + $pack
                $row.ExpirationDate = Get-SimDate $pack.ExpirationDate
                New-SimInstance $ClassName $row
            }
        }
        'Win32_TSLicenseReport' { foreach ($name in @($server.report.files)) { if ($name) { New-SimInstance $ClassName @{ FileName = $name } } } }
        'Win32_TerminalServiceSetting' { New-SimInstance $ClassName $server.setting }
        'Win32_TSDeploymentLicensing' {
            if (-not $server.ContainsKey('deployment')) { $PSCmdlet.ThrowTerminatingError((New-SimError @SimInvalidClass)) }
            New-SimInstance $ClassName $server.deployment
        }
        'Win32_ShadowCopy' {
            Read-Sim   # diskshadow is another process: what it made is in the file
            foreach ($shadow in @($Sim.Server['shadows'])) { if ($shadow) { New-SimInstance $ClassName @{ ID = $shadow.id; VolumeName = 'C:'; DeviceObject = ''; ExposedName = if ($shadow.drive) { "$($shadow.drive):\" } else { $null } } } }
        }
        default { $PSCmdlet.ThrowTerminatingError((New-SimError @SimInvalidClass)) }
    }
}

function Remove-CimInstance {
    [CmdletBinding()] param([Parameter(ValueFromPipeline)] $InputObject)
    process {
        $null = Step-Sim $PSCmdlet 'Remove-CimInstance'
        Read-Sim
        $Sim.Server.shadows = @($Sim.Server.shadows | Where-Object { $_.id -ne $InputObject.ID })
        Save-Sim
    }
}

function Invoke-CimMethod {
    [CmdletBinding()]
    param([string] $ClassName, [string] $Namespace = 'root/cimv2', $InputObject, [string] $MethodName, [hashtable] $Arguments = @{})
    if ($InputObject) { $ClassName = @($InputObject.PSObject.TypeNames -like '*CimInstance#*')[0].Split('#')[-1] }
    elseif ($PSBoundParameters.ContainsKey('InputObject')) { $PSCmdlet.ThrowTerminatingError((New-SimError -Id 'ParameterArgumentValidationErrorNullNotAllowed,Invoke-CimMethod' -Category 'InvalidData' -Message "Cannot bind argument to parameter 'InputObject' because it is null.")) }
    elseif (-not (Test-SimClass $ClassName $Namespace)) { $PSCmdlet.ThrowTerminatingError((New-SimError @SimInvalidClassOfMethod)) }
    $server = $Sim.Host
    $call = Step-Sim $PSCmdlet "$ClassName.$MethodName"
    # The license server's methods are for administrators; only what is described refuses otherwise.
    if (-not $call -and $ClassName -like 'Win32_TSLicense*' -and -not $server.computer.elevated) { $PSCmdlet.ThrowTerminatingError((New-SimError @SimAccessDenied)) }
    if ($call -and $call.ContainsKey('out')) {
        foreach ($key in @($call.out.Keys)) { if ($call.out[$key] -is [System.Collections.IList]) { $call.out[$key] = @($call.out[$key] | ForEach-Object { if ($null -ne $_) { if ($_ -is [hashtable]) { [pscustomobject] $_ } else { $_ } } else { , $null } }) } }
        if (-not $call.ContainsKey('works')) { return [pscustomobject] $call.out }
    }
    $out = @{ ReturnValue = [uint32] 0 }
    switch ("$ClassName.$MethodName") {
        'Win32_TSLicenseServer.GetActivationStatus' { $out.ActivationStatus = [uint32] $server.activation }
        'Win32_TSLicenseServer.GetLicenseServerId' {
            if ($server.activation -eq 0) { $out.sLicenseServerId = $server.licenseServerId } else { $out.ReturnValue = [uint32] 1 }
        }
        'Win32_TSLicenseServer.ActivateServer' {
            if ($Arguments.sLicenseServerId -eq $server.licenseServerId) { $server.activation = 0; Save-Sim } else { $out.ReturnValue = [uint32] 3 }
        }
        'Win32_TSLicenseServer.ActivateServerAutomatic' {
            # It needs the four contacts, and the way to Microsoft.
            foreach ($contact in 'FirstName', 'LastName', 'Company', 'CountryRegion') { if (-not $server.licenseServer[$contact]) { $out.ReturnValue = [uint32] 3 } }
            if ($out.ReturnValue -eq 0) { $server.activation = 0; Save-Sim }
        }
        'Win32_TSLicenseKeyPack.InstallLicenseKeyPack' {
            $id = $Arguments.sLicenseKeyPackId
            if ($server.activation -eq 0 -and $server.clearinghouse.ContainsKey($id)) {
                $count = $server.clearinghouse[$id]   # or the whole row
                $server.clearinghouse.Remove($id)   # a second time it is refused
                $number = [int] (1 + (@($server.keyPacks | ForEach-Object { $_.KeyPackId }) | Measure-Object -Maximum).Maximum)
                if ($count -isnot [hashtable]) {
                    $count = @{
                        KeyPackId = $number; Description = 'Per User'; KeyPackType = 2; ProductType = 1; ProductVersion = 'Windows Server 2022'
                        ProductVersionID = 7; TotalLicenses = $count; IssuedLicenses = 0; AvailableLicenses = $count
                        ExpirationDate = '2036-01-01T00:00:00Z'; AccessRights = 3; TypeAndModel = 'RDS Per User CAL'
                    }
                }
                $server.keyPacks += $count
                Save-Sim
                $out.KeyPackId = [uint32] $number
            }
            else { $out.ReturnValue = [uint32] 7 }
        }
        'Win32_TSLicenseReport.GenerateReportEx' { $server.report.files = @('report-1'); Save-Sim; $out.FileName = 'report-1' }
        'Win32_TSLicenseReport.FetchReportSummaryEntries' {
            $rows = if ($server.report.ContainsKey('summary')) { $server.report.summary } else {
                @(@{ ProductVersion = 'Windows Server 2022'; ProductVersionID = 7; TSCALType = 'Per User'; InstalledLicenses = 40; IssuedLicenses = 3; TSCALAvailability = 'Available' })
            }
            $out.ReportSummaryEntries = @($rows | ForEach-Object { [pscustomobject] $_ })
        }
        'Win32_TSLicenseReport.FetchReportEntries' {
            if ($server.report.users.Count) { $out.ReportEntries = @($server.report.users | ForEach-Object { [pscustomobject] $_ }) }
            else { $out.ReturnValue = [uint32] 0x4001 }
        }
        'Win32_TSLicenseReport.FetchReportFailedPerUserEntries' {
            if ($server.report.failed) { $out.ReportFailedPerUserEntries = @(foreach ($number in 1..$server.report.failed) { [pscustomobject] @{ CallerName = "CORP\JDUPONT$number" } }) }
            else { $out.ReturnValue = [uint32] 0x4001 }
        }
        'Win32_TSLicenseReport.DeleteReport' { $server.report.files = @(); Save-Sim }
        'Win32_TerminalServiceSetting.GetSpecifiedLicenseServerList' { $out.SpecifiedLSList = @($server.specified) }
        'Win32_TerminalServiceSetting.GetGracePeriodDays' { $out.DaysLeft = [uint32] $server.graceDays }
        'Win32_TerminalServiceSetting.GetTStoLSConnectivityStatus' {
            if ($server.connectivity.ContainsKey($Arguments.ServerName)) { $out.TStoLSConnectivityStatus = [uint32] $server.connectivity[$Arguments.ServerName] }
            else { $out.ReturnValue = [uint32] 2147942487 }
        }
        default {
            $group = @{ IsLSinTSLSGroup = 'IsMember'; IsLSonDC = 'OnDC'; IsLSRegisteredToSCP = 'Registered'; IsLSSecGrpGPEnabled = 'Enabled'; IsLSPreventUpgradeGPEnabled = 'Enabled' }
            if ($ClassName -eq 'Win32_TSLicenseServer' -and $group.ContainsKey($MethodName)) { $out[$group[$MethodName]] = [uint32] [int] $server.group[$MethodName] }
            else { $PSCmdlet.ThrowTerminatingError((New-SimError @SimInvalidMethod)) }
        }
    }
    if ($call -and $call.ContainsKey('out')) { $out = $call.out }   # "works": done, but answered otherwise
    [pscustomobject] $out
}
