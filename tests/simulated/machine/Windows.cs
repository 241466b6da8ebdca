// What the step scripts ask of .NET and only Windows can answer, or what must not reach this machine. Each class takes
// the place of its namesake: Types.ps1 puts it into PowerShell's table of type names before a script is parsed.
using System;
using System.Collections;
using System.Collections.Generic;
using System.Collections.Specialized;
using System.IO;
using PSCustomObject = System.Management.Automation.PSCustomObject;
using PSObject = System.Management.Automation.PSObject;
using System.Net;
using System.Net.Sockets;

namespace Sim
{
    /// <summary>Windows paths: a drive is a folder under SIM_SERVER/drives, a share one under SIM_SERVER/shares.</summary>
    public static class Paths
    {
        internal static string Root { get { return Environment.GetEnvironmentVariable("SIM_SERVER"); } }

        /// <summary>A path of the simulated server. On Windows this machine's own look alike: they lie beside its folder.</summary>
        public static bool IsWindows(string path)
        {
            if (path == null || !((path.Length >= 2 && char.IsLetter(path[0]) && path[1] == ':') || path.StartsWith(@"\\"))) return false;
            var root = Root.Replace('/', '\\').TrimEnd('\\');
            return !path.Replace('/', '\\').StartsWith(root.Substring(0, root.LastIndexOf('\\') + 1), StringComparison.OrdinalIgnoreCase);
        }

        /// <summary>The file that stands for a Windows path; any other path as it is.</summary>
        public static string Local(string path)
        {
            if (!IsWindows(path)) return path;
            var place = System.IO.Path.Combine(Root, path.StartsWith(@"\\") ? "shares" : "drives");
            foreach (var part in path.Split(new[] { '\\', '/' }, StringSplitOptions.RemoveEmptyEntries))
            {
                var name = part.TrimEnd(':');
                var exact = System.IO.Path.Combine(place, name);
                // Windows names have no case: take what is there, whatever its case.
                if (!Directory.Exists(exact) && !System.IO.File.Exists(exact) && Directory.Exists(place))
                    foreach (var entry in Directory.GetFileSystemEntries(place))
                        if (string.Equals(System.IO.Path.GetFileName(entry), name, StringComparison.OrdinalIgnoreCase)) exact = entry;
                place = exact;
            }
            return place;
        }
    }

    /// <summary>A hashtable whose names keep their order and have no case: what the description is made of.</summary>
    public class Table : Hashtable
    {
        readonly List<object> names = new List<object>();
        public Table() : base(StringComparer.OrdinalIgnoreCase) { }
        public override object this[object key]
        {
            get { return base[key]; }
            set { if (!ContainsKey(key)) names.Add(key); base[key] = value; }
        }
        public override void Add(object key, object value) { base.Add(key, value); names.Add(key); }
        public override void Remove(object key) { base.Remove(key); names.RemoveAll(name => !ContainsKey(name)); }
        public override ICollection Keys { get { return names; } }
        public override IDictionaryEnumerator GetEnumerator()
        {
            var rows = new OrderedDictionary();
            foreach (var name in names) rows.Add(name, base[name]);
            return rows.GetEnumerator();
        }
    }

    public static class Values
    {
        /// <summary>A value of ConvertFrom-Json, or one for ConvertTo-Json, without PowerShell's wrappers, which 5.1 writes out.</summary>
        public static object Plain(object value)
        {
            var wrapped = value as PSObject;
            var inner = wrapped == null ? value : wrapped.BaseObject;
            var table = new Table();
            if (inner is PSCustomObject) foreach (var property in wrapped.Properties) table[property.Name] = Plain(property.Value);
            else if (inner is IDictionary) foreach (DictionaryEntry entry in (IDictionary)inner) table[entry.Key] = Plain(entry.Value);
            else if (inner is IEnumerable && !(inner is string))
            {
                var list = new ArrayList();
                foreach (var item in (IEnumerable)inner) list.Add(Plain(item));
                return list.ToArray();
            }
            else return inner;
            return table;
        }

        /// <summary>A file's text; the file is closed again at once (on Windows nobody else could write it).</summary>
        public static string Read(string path) { return System.IO.File.ReadAllText(path); }
        public static void Write(string path, string text) { System.IO.File.WriteAllText(path, text); }

        /// <summary>Where in a value nothing at all stands, which is not $null: 5.1 writes {} there, 7 null.</summary>
        public static string Nothing(object value, string at)
        {
            if (ReferenceEquals(value, System.Management.Automation.Internal.AutomationNull.Value)) return at;
            var wrapped = value as PSObject;
            var inner = wrapped == null ? value : wrapped.BaseObject;
            if (inner is PSCustomObject)
                foreach (var property in wrapped.Properties)
                {
                    var found = Nothing(property.Value, at + "." + property.Name);
                    if (found != null) return found;
                }
            else if (inner is IEnumerable && !(inner is string))
                foreach (var item in (IEnumerable)inner)
                {
                    var found = Nothing(item, at + "[]");
                    if (found != null) return found;
                }
            return null;
        }
    }

    public class SecurityIdentifier
    {
        public string Value;
        public SecurityIdentifier(string value) { Value = value; }
        public override string ToString() { return Value; }
    }

    public class WindowsIdentity
    {
        public string Name { get { return Environment.GetEnvironmentVariable("SIM_USER"); } }
        public SecurityIdentifier User { get { return new SecurityIdentifier("S-1-5-21-1-2-3-1104"); } }
        public static WindowsIdentity GetCurrent() { return new WindowsIdentity(); }
    }

    public class WindowsPrincipal
    {
        public WindowsPrincipal(WindowsIdentity identity) { }
        public bool IsInRole(SecurityIdentifier group)
        {
            return group.Value == "S-1-5-32-544" && Environment.GetEnvironmentVariable("SIM_ELEVATED") == "1";
        }
    }

    public class DriveInfo
    {
        public string Name { get; private set; }
        public DriveInfo(string letter)
        {
            if (letter.Length < 1 || !char.IsLetter(letter[0])) throw new ArgumentException("Object must be a root directory (\"C:\\\") or a drive letter (\"C\").");
            Name = char.ToUpperInvariant(letter[0]) + @":\";
        }
        /// <summary>A letter that stands for a share, where the description names it ("mapped").</summary>
        public DriveType DriveType
        {
            get { return System.IO.File.Exists(System.IO.Path.Combine(Paths.Root, "drives", Name.Substring(0, 1) + ".mapped")) ? DriveType.Network : DriveType.Fixed; }
        }
        public bool IsReady { get { return Directory.Exists(Paths.Local(Name)); } }
        public long AvailableFreeSpace
        {
            get
            {
                if (!Directory.Exists(Paths.Local(Name))) throw new DriveNotFoundException("Could not find the drive '" + Name + "'.");
                var file = System.IO.Path.Combine(Paths.Root, "drives", Name.Substring(0, 1) + ".free");
                return System.IO.File.Exists(file) ? long.Parse(System.IO.File.ReadAllText(file).Trim()) : 100L << 30;
            }
        }
        public static DriveInfo[] GetDrives()
        {
            var found = new List<DriveInfo>();
            foreach (var folder in Directory.GetDirectories(System.IO.Path.Combine(Paths.Root, "drives")))
                found.Add(new DriveInfo(System.IO.Path.GetFileName(folder)));
            return found.ToArray();
        }
    }

    public static class Path
    {
        public static string GetTempPath() { return @"C:\Windows\Temp\"; }
        public static string GetFullPath(string path)
        {
            if (!Paths.IsWindows(path)) return System.IO.Path.GetFullPath(path);
            // As .NET Framework does under powershell.exe.
            foreach (var sign in path) if (sign < ' ' || sign == '|' || sign == '<' || sign == '>' || sign == '"') throw new ArgumentException("Illegal characters in path.");
            if (path.IndexOf(':', 2) >= 0) throw new NotSupportedException("The given path's format is not supported.");
            if (path.Length >= 260) throw new PathTooLongException("The specified path, file name, or both are too long.");
            var kept = new List<string>();
            foreach (var part in path.Substring(2).Split('\\', '/'))
                if (part == "..") { if (kept.Count > 0) kept.RemoveAt(kept.Count - 1); }
                else if (part != "" && part != ".") kept.Add(part);
            return path.Substring(0, 2) + @"\" + string.Join(@"\", kept);
        }
    }

    public static class File
    {
        public static byte[] ReadAllBytes(string path) { return System.IO.File.ReadAllBytes(Paths.Local(path)); }
        public static FileStream OpenRead(string path) { return System.IO.File.OpenRead(Paths.Local(path)); }
        public static void WriteAllBytes(string path, byte[] bytes) { System.IO.File.WriteAllBytes(Paths.Local(path), bytes); }
        public static bool Exists(string path) { return System.IO.File.Exists(Paths.Local(path)); }
        public static string ReadAllText(string path) { return System.IO.File.ReadAllText(Paths.Local(path)); }
        public static void WriteAllText(string path, string text, System.Text.Encoding encoding) { System.IO.File.WriteAllText(Paths.Local(path), text, encoding); }
    }

    /// <summary>SIM_NET: "name=open|refused|silent|slow;..."; one word for version 4, or two with a slash between, of which
    /// the second is for version 6 and an empty one stands for no such address. A name that is not there does not resolve.</summary>
    public static class Dns
    {
        /// <summary>Whoever has this address: what becomes of a connection to it.</summary>
        internal static readonly Dictionary<IPAddress, string> States = new Dictionary<IPAddress, string>();
        public static string GetHostName() { return Environment.GetEnvironmentVariable("SIM_DNSNAME"); }
        public static IPAddress[] GetHostAddresses(string name)
        {
            var found = new List<IPAddress>();
            var number = 9;
            foreach (var pair in (Environment.GetEnvironmentVariable("SIM_NET") ?? "").Split(';'))
            {
                number++;
                if (!pair.StartsWith(name + "=", StringComparison.OrdinalIgnoreCase)) continue;
                var words = pair.Substring(name.Length + 1).Split('/');
                for (var family = 0; family < words.Length; family++)
                    if (words[family] != "")
                    {
                        var address = IPAddress.Parse((family == 0 ? "192.0.2." : "2001:db8::") + number);
                        lock (States) States[address] = words[family];
                        found.Add(address);
                    }
            }
            if (found.Count == 0) throw new SocketException(11001);
            return found.ToArray();
        }
    }

    /// <summary>.NET Framework's message says nothing of what is inside (.NET's does).</summary>
    public class OldAggregate : AggregateException
    {
        public OldAggregate(Exception inner) : base(inner) { }
        public override string Message { get { return "One or more errors occurred."; } }
    }

    public class Pending
    {
        readonly string state;
        public Pending(string state) { this.state = state; }
        public bool Wait(int milliseconds)
        {
            if (state == "open") return true;
            if (state == "silent") return false;
            if (state == "slow") return milliseconds >= 3000;
            throw new OldAggregate(new SocketException(10061));
        }
    }

    /// <summary>A client is of one family of addresses; .NET Framework's is of version 4 where none is named.</summary>
    public class TcpClient
    {
        readonly AddressFamily family;
        public TcpClient() : this(AddressFamily.InterNetwork) { }
        public TcpClient(AddressFamily family) { this.family = family; }
        public Pending ConnectAsync(IPAddress[] addresses, int port)
        {
            foreach (var address in addresses)
                if (address.AddressFamily == family)
                    lock (Dns.States) return new Pending(port == 443 ? Dns.States[address] : "refused");
            throw new NotSupportedException("This protocol version is not supported.");
        }
        public Pending ConnectAsync(string name, int port) { return ConnectAsync(Dns.GetHostAddresses(name), port); }
        public void Close() { }
    }
}
