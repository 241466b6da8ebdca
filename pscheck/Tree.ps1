# For tree.py: each line that comes in is a text as a JSON string, each line that goes out what PowerShell's own parser
# makes of it: its errors, or its tree. A tree's nodes bear the names of the classes in
# System.Management.Automation.Language without "Ast", and their properties; a node that only wraps another is left out.
Add-Type -TypeDefinition @'
using System;
using System.Collections;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Management.Automation;
using System.Management.Automation.Language;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;

public static class Tree {
    static readonly HashSet<string> Left = new HashSet<string> { "Parent", "Extent", "StaticType", "ErrorPosition" };
    static readonly Dictionary<Type, PropertyInfo[]> Known = new Dictionary<Type, PropertyInfo[]>();

    public static void Serve() {
        var lines = new StreamReader(Console.OpenStandardInput());
        var answers = Console.OpenStandardOutput();
        for (string line; (line = lines.ReadLine()) != null; ) {
            var tree = Parser.ParseInput(JsonSerializer.Deserialize<string>(line), out _, out ParseError[] errors);
            using (var json = new Utf8JsonWriter(answers)) {
                json.WriteStartArray();
                foreach (var error in errors) {
                    json.WriteStartArray();
                    json.WriteNumberValue(error.Extent.StartLineNumber);
                    json.WriteStringValue(error.Message);
                    json.WriteEndArray();
                }
                if (errors.Length == 0) Write(json, tree);
                json.WriteEndArray();
            }
            answers.WriteByte(10);
            answers.Flush();
        }
    }

    static object Inside(object value) {
        if (value is CommandExpressionAst bare && bare.Redirections.Count == 0) return Inside(bare.Expression);
        if (value is PipelineAst line && line.PipelineElements.Count == 1 && !line.Background)
            return Inside(line.PipelineElements[0]);
        return value is ParenExpressionAst brackets ? Inside(brackets.Pipeline) : value;
    }

    static void Write(Utf8JsonWriter json, object value) {
        value = Inside(value);
        if (value is Ast node) {
            var type = node.GetType();
            if (!Known.TryGetValue(type, out var properties))
                Known[type] = properties = type.GetProperties().Where(one => !Left.Contains(one.Name)).ToArray();
            json.WriteStartObject();
            json.WriteString("kind", type.Name.Substring(0, type.Name.Length - 3));
            json.WriteNumber("start", node.Extent.StartOffset);
            json.WriteNumber("end", node.Extent.EndOffset);
            json.WriteNumber("line", node.Extent.StartLineNumber);
            foreach (var property in properties) {
                var held = property.GetValue(node);
                if (held == null || held is false) continue;
                json.WritePropertyName(property.Name);
                Write(json, held);
            }
            json.WriteEndObject();
        } else if (value is VariablePath path) json.WriteStringValue(path.UserPath);
        else if (value is ITypeName name) json.WriteStringValue(name.FullName);
        else if (value is ITuple pair) Write(json, new[] { pair[0], pair[1] });
        else if (value is IEnumerable many && !(value is string)) {
            json.WriteStartArray();
            foreach (var one in many) Write(json, one);
            json.WriteEndArray();
        } else if (value is true) json.WriteBooleanValue(true);
        else json.WriteStringValue(Convert.ToString(value, System.Globalization.CultureInfo.InvariantCulture));
    }
}
'@
[Tree]::Serve()
