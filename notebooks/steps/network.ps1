#region runbook
param([string] $InputPath, [string] $OutputPath)
#endregion runbook
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

# Which Microsoft host the license server would talk to, and whether TCP 443 answers from here. Reads only.

# Inputs
$TimeoutMilliseconds = 5000
#region runbook
if ($InputPath) {
    $given = Get-Content -LiteralPath $InputPath -Raw -Encoding UTF8 | ConvertFrom-Json
    if ($null -ne $given.TimeoutMilliseconds) {
        $TimeoutMilliseconds = $given.TimeoutMilliseconds
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

# The key "shows the Microsoft service that the RD License Server communicates with" (ports-used-by-rds).
$path = 'HKLM:\SOFTWARE\Microsoft\TermServLicensing\lrwiz\Params'
$registryFound = $false
$registryFault = $null
$registryValues = @()
$texts = @()
try {
    $registryFound = Test-Path -LiteralPath $path
    if ($registryFound) {
        $key = Get-Item -LiteralPath $path
        $registryValues = @(
            foreach ($name in $key.GetValueNames()) {
                $parts = @($key.GetValue($name))   # of a list each: a host that is not looked for would pass for reached
                $texts += @($parts | ForEach-Object -Process { [string] $_ })
                # A name and a password that stand before the host are not for the record.
                $shown = [string]::Join(' ', $parts) -replace '(?<=://)[^/\s]*@', '...@'
                [pscustomobject]@{ Name = $name; Value = $shown }
            }
        )
    }
}
catch {
    $registryFault = ConvertTo-Fault -ErrorRecord $_   # a key that refuses says nothing of whether there is a way
}

# A host name with at least one dot, alone or inside an address. Both cases: a Turkish I is no i where case is ignored.
$pattern = '^(?:[A-Za-z]+://(?:[^/@\s]*@)?)?([A-Za-z0-9][A-Za-z0-9-]*(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,})\.?(?:[:/].*)?$'
$hostNames = @(
    foreach ($text in $texts) {
        if ($text.Trim() -cmatch $pattern) {
            $Matches[1].ToLowerInvariant()
        }
    }
)

$endpoints = @(
    foreach ($hostName in ($hostNames | Select-Object -Unique)) {
        $addresses = @()
        $resolveFault = $null
        try {
            $addresses = @([System.Net.Dns]::GetHostAddresses($hostName))
        }
        catch {
            $resolveFault = ConvertTo-Fault -ErrorRecord $_
        }

        $connected = $false
        $connectFault = $null
        $milliseconds = $null
        $watch = [System.Diagnostics.Stopwatch]::StartNew()
        # Each family of addresses by itself: left to choose, the client of .NET Framework takes those of version 4 alone.
        foreach ($family in $addresses | ForEach-Object -Process { $_.AddressFamily } | Select-Object -Unique) {
            if (-not $connected) {
                $client = New-Object -TypeName 'System.Net.Sockets.TcpClient' -ArgumentList $family
                try {
                    [System.Net.IPAddress[]] $ofFamily = $addresses | Where-Object -FilterScript { $_.AddressFamily -eq $family }
                    $connected = $client.ConnectAsync($ofFamily, 443).Wait($TimeoutMilliseconds)
                }
                catch {
                    # Wait wraps what happened in an exception that says nothing of it.
                    $connectFault = ConvertTo-Fault -ErrorRecord $_
                    $why = $_.Exception.GetBaseException()
                    $connectFault.Message = '{0}: {1}' -f $why.GetType().Name, $why.Message
                    if ($why -is [System.Net.Sockets.SocketException]) {
                        $connectFault.Message += " ($($why.NativeErrorCode))"
                    }
                }
                finally {
                    $milliseconds = [int] $watch.ElapsedMilliseconds
                    $client.Close()
                }
            }
        }
        if ($connected) {
            $connectFault = $null   # of the other family
        }
        [pscustomobject]@{
            Host         = $hostName
            Port         = 443
            Addresses    = @($addresses | ForEach-Object -Process { $_.ToString() })
            ResolveFault = $resolveFault
            Connected    = $connected
            Milliseconds = $milliseconds
            ConnectFault = $connectFault
        }
    }
)

$result = [pscustomobject]@{
    RegistryFound  = $registryFound
    RegistryFault  = $registryFault
    RegistryValues = @($registryValues)
    Endpoints      = @($endpoints)
}

#region runbook
if ($OutputPath) {
    ConvertTo-Json -InputObject @($result) -Depth 6 | Out-File -LiteralPath $OutputPath -Encoding utf8
}
#endregion runbook
$result
