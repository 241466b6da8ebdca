using namespace System.Management.Automation.Language
# For test_machine.py: the functions of the scripts in a folder, each with its parameters, as JSON.
param([string] $Folder)
$found = @{}
foreach ($file in Get-ChildItem -LiteralPath $Folder -Filter *.ps1) {
    $ast = [Parser]::ParseFile($file.FullName, [ref] $null, [ref] $null)
    foreach ($one in $ast.FindAll({ $args[0] -is [FunctionDefinitionAst] }, $true)) {
        $parameters = if ($one.Body.ParamBlock) { $one.Body.ParamBlock.Parameters } else { @() }
        $found[$one.Name] = @($parameters | ForEach-Object { $_.Name.VariablePath.UserPath })
    }
}
ConvertTo-Json -InputObject $found -Compress
