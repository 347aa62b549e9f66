// Renders a Helm chart without Helm: Go's text/template and sprig are Helm's own engine, this is the thin layer on top.
//
// Only what a chart without subcharts needs. Each function says which behaviour of Helm 3 it mirrors; what Helm has and
// this lacks (toToml, .Files.Glob, subcharts, hooks) is an error here, never a silent difference.
//
//	render [-f FILE]… [--set a.b=c]… [--api-versions A,B] [--kube-version V] [--values-only] CHART
//	render --functions CHART
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
	"text/template"
	"text/template/parse"

	"github.com/Masterminds/sprig"
	"sigs.k8s.io/yaml"
)

type values = map[string]interface{}

// Metadata is Chart.yaml as templates see it in .Chart: fields, so an unknown one is an error as in Helm.
type Metadata struct {
	APIVersion  string                   `json:"apiVersion"`
	Name        string                   `json:"name"`
	Version     string                   `json:"version"`
	AppVersion  string                   `json:"appVersion"`
	KubeVersion string                   `json:"kubeVersion"`
	Description string                   `json:"description"`
	Type        string                   `json:"type"`
	Home        string                   `json:"home"`
	Icon        string                   `json:"icon"`
	Keywords    []string                 `json:"keywords"`
	Sources     []string                 `json:"sources"`
	Maintainers []map[string]interface{} `json:"maintainers"`
	Annotations map[string]string        `json:"annotations"`
}

type chart struct {
	metadata  Metadata
	values    values
	templates map[string]string // by "CHART/templates/…", as .Template.Name has it
	files     files
}

// --- loading ---------------------------------------------------------------------------------------------------------

// files is .Files: all that is neither a template nor one of the chart's own files, nor ignored.
type files map[string][]byte

func (f files) Get(name string) string      { return string(f[name]) }
func (f files) GetBytes(name string) []byte { return f[name] }

func (f files) Lines(name string) []string {
	if f[name] == nil {
		return []string{}
	}
	return strings.Split(string(f[name]), "\n")
}

func (f files) AsConfig() string {
	entries := map[string]string{}
	for name, content := range f {
		entries[path.Base(name)] = string(content)
	}
	return toYAML(entries)
}

func (f files) AsSecrets() string {
	entries := map[string]string{}
	for name, content := range f {
		entries[path.Base(name)] = base64.StdEncoding.EncodeToString(content)
	}
	return toYAML(entries)
}

// ignoreRules is .helmignore as Helm's own reading has it: gitignore's syntax without "**"; a pattern without a slash
// holds for base names, one with a slash for paths, one with a final slash for folders only.
type ignoreRules []string

func readIgnoreRules(folder string) (ignoreRules, error) {
	text, err := os.ReadFile(filepath.Join(folder, ".helmignore"))
	if os.IsNotExist(err) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	var rules ignoreRules
	for _, line := range strings.Split(string(text), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if strings.Contains(line, "**") || strings.HasPrefix(line, "!") {
			return nil, fmt.Errorf(".helmignore: %q is not supported here", line)
		}
		rules = append(rules, line)
	}
	return rules, nil
}

func (rules ignoreRules) match(name string, folder bool) (bool, error) {
	for _, rule := range rules {
		if strings.HasSuffix(rule, "/") {
			if !folder {
				continue
			}
			rule = strings.TrimSuffix(rule, "/")
		}
		subject := path.Base(name)
		if strings.Contains(rule, "/") {
			rule = strings.TrimPrefix(rule, "/")
			subject = name
		}
		if matched, err := path.Match(rule, subject); err != nil || matched {
			return matched, err
		}
	}
	return false, nil
}

// loadChart follows symbolic links, as `helm package` and `helm install FOLDER` do.
func loadChart(folder string) (*chart, error) {
	rules, err := readIgnoreRules(folder)
	if err != nil {
		return nil, err
	}
	loaded := &chart{templates: map[string]string{}, files: files{}}
	contents := files{}
	var walk func(relative string) error
	walk = func(relative string) error {
		entries, err := os.ReadDir(filepath.Join(folder, relative))
		if err != nil {
			return err
		}
		for _, entry := range entries {
			name := path.Join(relative, entry.Name())
			info, err := os.Stat(filepath.Join(folder, name))
			if err != nil {
				return err
			}
			ignored, err := rules.match(name, info.IsDir())
			if err != nil {
				return err
			}
			switch {
			case ignored:
			case info.IsDir():
				if err := walk(name); err != nil {
					return err
				}
			default:
				if contents[name], err = os.ReadFile(filepath.Join(folder, name)); err != nil {
					return err
				}
			}
		}
		return nil
	}
	if err := walk(""); err != nil {
		return nil, err
	}

	if err := yaml.UnmarshalStrict(contents["Chart.yaml"], &loaded.metadata); err != nil {
		return nil, fmt.Errorf("Chart.yaml: %w", err)
	}
	if loaded.metadata.Name == "" || loaded.metadata.Version == "" {
		return nil, fmt.Errorf("Chart.yaml: name and version are required")
	}
	if loaded.values, err = readValues(contents["values.yaml"]); err != nil {
		return nil, fmt.Errorf("values.yaml: %w", err)
	}
	for name, content := range contents {
		switch {
		case name == "Chart.yaml", name == "values.yaml", name == "values.schema.json", name == "Chart.lock":
		case strings.HasPrefix(name, "charts/"), strings.HasPrefix(name, "crds/"):
			return nil, fmt.Errorf("%s: subcharts and CRDs are not supported here", name)
		case strings.HasPrefix(name, "templates/"):
			loaded.templates[path.Join(loaded.metadata.Name, name)] = string(content)
		default:
			loaded.files[name] = content
		}
	}
	return loaded, nil
}

// --- values ----------------------------------------------------------------------------------------------------------

// readValues goes by way of JSON, as Helm does: every number is a float64, so a large one is printed as 6.7e+07.
func readValues(text []byte) (values, error) {
	read := values{}
	if err := yaml.Unmarshal(text, &read); err != nil {
		return nil, err
	}
	if read == nil {
		read = values{}
	}
	return read, nil
}

// merge lays one -f file over those before it: maps are merged, all else is replaced.
func merge(below, above values) values {
	for key, value := range above {
		lower, lowerIsMap := below[key].(values)
		upper, upperIsMap := value.(values)
		if lowerIsMap && upperIsMap {
			below[key] = merge(lower, upper)
		} else {
			below[key] = value
		}
	}
	return below
}

// coalesce puts the chart's own values below those of the user. A null of the user's removes the chart's value; a map of
// the chart's does not replace what the user has set to something else.
func coalesce(user, own values) {
	for key, value := range own {
		set, isSet := user[key]
		switch {
		case !isSet:
			user[key] = value
		case set == nil:
			delete(user, key)
		default:
			userMap, userIsMap := set.(values)
			ownMap, ownIsMap := value.(values)
			if userIsMap && ownIsMap {
				coalesce(userMap, ownMap)
			}
		}
	}
}

// setValue is --set with Helm's notation: a.b=c, lists {x,y} and a[0], commas between settings, backslash for a literal
// comma or dot; true, false, null and whole numbers are typed.
func setValue(into values, text string) error {
	for _, setting := range splitUnescaped(text, ',') {
		equals := strings.Index(setting, "=")
		if equals < 0 {
			return fmt.Errorf("--set %s: no =", setting)
		}
		var node interface{}
		raw := setting[equals+1:]
		if strings.HasPrefix(raw, "{") && strings.HasSuffix(raw, "}") {
			list := []interface{}{}
			for _, item := range splitUnescaped(raw[1:len(raw)-1], ',') {
				if item != "" {
					list = append(list, typed(unescape(item)))
				}
			}
			node = list
		} else {
			node = typed(unescape(raw))
		}
		if err := setPath(into, splitUnescaped(setting[:equals], '.'), node); err != nil {
			return fmt.Errorf("--set %s: %w", setting, err)
		}
	}
	return nil
}

var indexed = regexp.MustCompile(`^(.*)\[(\d+)\]$`)

func setPath(into values, keys []string, value interface{}) error {
	key := unescape(keys[0])
	if match := indexed.FindStringSubmatch(key); match != nil {
		list, _ := into[match[1]].([]interface{})
		var index int
		fmt.Sscanf(match[2], "%d", &index)
		for len(list) <= index {
			list = append(list, nil)
		}
		if len(keys) == 1 {
			list[index] = value
		} else {
			item, isMap := list[index].(values)
			if !isMap {
				item = values{}
			}
			if err := setPath(item, keys[1:], value); err != nil {
				return err
			}
			list[index] = item
		}
		into[match[1]] = list
		return nil
	}
	if len(keys) == 1 {
		into[key] = value
		return nil
	}
	inner, isMap := into[key].(values)
	if !isMap {
		inner = values{}
		into[key] = inner
	}
	return setPath(inner, keys[1:], value)
}

// splitUnescaped knows braces, so that a list stays in one piece.
func splitUnescaped(text string, separator byte) []string {
	var parts []string
	begin, depth := 0, 0
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '\\':
			i++
		case text[i] == '{':
			depth++
		case text[i] == '}':
			depth--
		case text[i] == separator && depth == 0:
			parts = append(parts, text[begin:i])
			begin = i + 1
		}
	}
	return append(parts, text[begin:])
}

var escaped = regexp.MustCompile(`\\(.)`)

func unescape(text string) string { return escaped.ReplaceAllString(text, "$1") }

var whole = regexp.MustCompile(`^(0|-?[1-9][0-9]*)$`)

func typed(text string) interface{} {
	switch text {
	case "true":
		return true
	case "false":
		return false
	case "null":
		return nil
	}
	if whole.MatchString(text) {
		var number int64
		if _, err := fmt.Sscanf(text, "%d", &number); err == nil {
			return number
		}
	}
	return text
}

// --- what templates see ----------------------------------------------------------------------------------------------

type versionSet []string

// Has takes "group/version" and "group/version/Kind".
func (set versionSet) Has(version string) bool {
	for _, known := range set {
		if known == version {
			return true
		}
	}
	return false
}

type kubeVersion struct{ Version, Major, Minor string }

func (v kubeVersion) String() string     { return v.Version }
func (v kubeVersion) GitVersion() string { return v.Version }

type capabilities struct {
	KubeVersion kubeVersion
	APIVersions versionSet
	HelmVersion struct{ Version string }
}

// what the API server of any cluster has; Helm's list without a cluster is longer and has no CRD either
var builtIn = versionSet{"v1", "apps/v1", "batch/v1", "policy/v1", "rbac.authorization.k8s.io/v1", "networking.k8s.io/v1",
	"apiextensions.k8s.io/v1", "v1/Service", "v1/ConfigMap", "apps/v1/DaemonSet"}

type release struct {
	Name, Namespace, Service string
	IsInstall, IsUpgrade     bool
	Revision                 int
}

// --- functions -------------------------------------------------------------------------------------------------------

// toYAML: no final newline; an error gives nothing, as in Helm.
func toYAML(value interface{}) string {
	text, err := yaml.Marshal(value)
	if err != nil {
		return ""
	}
	return strings.TrimSuffix(string(text), "\n")
}

// told marks a message that is meant for the user; of an error with one Helm shows the place and nothing else.
func told(message string) error { return fmt.Errorf("HELM_ERR_START%sHELM_ERR_END", message) }

var marked = regexp.MustCompile(`HELM_ERR_START(.*)HELM_ERR_END`)

// executionError: "template: FILE:LINE:COLUMN: what happened", shortened as Helm does.
func executionError(name string, err error) error {
	parts := strings.SplitN(err.Error(), ": ", 3)
	if len(parts) != 3 {
		return fmt.Errorf("execution error in (%s): %w", name, err)
	}
	if message := marked.FindStringSubmatch(parts[2]); message != nil {
		return fmt.Errorf("execution error at (%s): %s", parts[1], message[1])
	}
	return err
}

const deepest = 1000 // Helm's bound on includes within includes

// functions mirrors Helm's engine: sprig without env and expandenv (and getHostByName answers nothing), plus its own.
func functions(root *template.Template) template.FuncMap {
	all := sprig.TxtFuncMap()
	delete(all, "env")
	delete(all, "expandenv")
	depth := map[string]int{}

	all["include"] = func(name string, data interface{}) (string, error) {
		if depth[name] > deepest {
			return "", fmt.Errorf("rendering template has a nested reference name: %s", name)
		}
		depth[name]++
		defer func() { depth[name]-- }()
		var text strings.Builder
		err := root.ExecuteTemplate(&text, name, data)
		return text.String(), err
	}
	// tpl: a copy of all templates, so what the text defines is gone afterwards.
	all["tpl"] = func(text string, data interface{}) (string, error) {
		clone, err := root.Clone()
		if err != nil {
			return "", err
		}
		parsed, err := clone.New(root.Name()).Parse(text)
		if err != nil {
			return "", fmt.Errorf("cannot parse template %q: %w", text, err)
		}
		var result strings.Builder
		if err := parsed.Execute(&result, data); err != nil {
			return "", fmt.Errorf("error during tpl function execution for %q: %w", text, err)
		}
		return withoutNoValue(result.String()), nil
	}
	// required: nil and the empty string are missing, 0 and false are not.
	all["required"] = func(message string, value interface{}) (interface{}, error) {
		if text, isText := value.(string); value == nil || (isText && text == "") {
			return value, told(message)
		}
		return value, nil
	}
	all["fail"] = func(message string) (string, error) { return "", told(message) }
	// lookup: there is no cluster, as with `helm template`.
	all["lookup"] = func(string, string, string, string) (values, error) { return values{}, nil }
	all["getHostByName"] = func(string) string { return "" }
	all["toYaml"] = toYAML
	all["toJson"] = func(value interface{}) string {
		text, err := json.Marshal(value)
		if err != nil {
			return ""
		}
		return string(text)
	}
	// from…: an error comes back as data, under the key Error.
	all["fromYaml"] = func(text string) values {
		read := values{}
		if err := yaml.Unmarshal([]byte(text), &read); err != nil {
			read["Error"] = err.Error()
		}
		return read
	}
	all["fromYamlArray"] = func(text string) []interface{} {
		read := []interface{}{}
		if err := yaml.Unmarshal([]byte(text), &read); err != nil {
			read = []interface{}{err.Error()}
		}
		return read
	}
	all["fromJson"] = func(text string) values {
		read := values{}
		if err := json.Unmarshal([]byte(text), &read); err != nil {
			read["Error"] = err.Error()
		}
		return read
	}
	all["fromJsonArray"] = func(text string) []interface{} {
		read := []interface{}{}
		if err := json.Unmarshal([]byte(text), &read); err != nil {
			read = []interface{}{err.Error()}
		}
		return read
	}
	return all
}

// withoutNoValue: with missingkey=zero a missing key of a map of anything prints "<no value>"; Helm removes it.
func withoutNoValue(text string) string { return strings.ReplaceAll(text, "<no value>", "") }

// --- rendering -------------------------------------------------------------------------------------------------------

// parseAll: templates that lie deeper first, so that a chart overrides its subcharts' definitions; then from Z to A.
func parseAll(loaded *chart) (*template.Template, []string, error) {
	names := make([]string, 0, len(loaded.templates))
	for name := range loaded.templates {
		names = append(names, name)
	}
	sort.Slice(names, func(i, j int) bool {
		deep, other := strings.Count(names[i], "/"), strings.Count(names[j], "/")
		return deep > other || (deep == other && names[i] > names[j])
	})
	root := template.New("gotpl").Option("missingkey=zero")
	root.Funcs(functions(root))
	for _, name := range names {
		if _, err := root.New(name).Parse(loaded.templates[name]); err != nil {
			return nil, nil, fmt.Errorf("parse error at (%s): %w", name, err)
		}
	}
	return root, names, nil
}

type document struct {
	Template string `json:"template"`
	Object   values `json:"object"`
}

type result struct {
	Values    values     `json:"values"`
	Documents []document `json:"documents"`
	Notes     string     `json:"notes"`
	Error     string     `json:"error"`
}

// installOrder is Helm's, as far as kinds of charts for DNS go; a kind that is not in it comes last.
var installOrder = []string{"Namespace", "NetworkPolicy", "PodDisruptionBudget", "ServiceAccount", "Secret", "ConfigMap",
	"CustomResourceDefinition", "ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding", "Service", "DaemonSet", "Pod",
	"Deployment", "StatefulSet", "Job", "CronJob"}

func installRank(object values) int {
	for rank, kind := range installOrder {
		if kind == object["kind"] {
			return rank
		}
	}
	return len(installOrder)
}

var separator = regexp.MustCompile(`(?:^|\s*\n)---\s*`) // Helm's own expression for where a document ends

func render(loaded *chart, top values) ([]document, string, error) {
	root, names, err := parseAll(loaded)
	if err != nil {
		return nil, "", err
	}
	var documents []document
	notes := ""
	for _, name := range names {
		if strings.HasPrefix(path.Base(name), "_") {
			continue // a partial: only for include
		}
		top["Template"] = values{"Name": name, "BasePath": path.Join(loaded.metadata.Name, "templates")}
		var buffer bytes.Buffer
		if err := root.ExecuteTemplate(&buffer, name, top); err != nil {
			return nil, "", executionError(name, err)
		}
		text := withoutNoValue(buffer.String())
		if path.Base(name) == "NOTES.txt" {
			notes = text // shown to the user, never sent to the cluster
			continue
		}
		for _, part := range separator.Split(text, -1) {
			if strings.TrimSpace(part) == "" {
				continue
			}
			var object values
			if err := yaml.UnmarshalStrict([]byte(part), &object); err != nil {
				return nil, "", fmt.Errorf("YAML parse error on %s: %w\n%s", name, err, part)
			}
			if object != nil { // not only comments
				documents = append(documents, document{name, object})
			}
		}
	}
	sort.SliceStable(documents, func(i, j int) bool {
		first, second := documents[i].Object, documents[j].Object
		if installRank(first) != installRank(second) {
			return installRank(first) < installRank(second)
		}
		return fmt.Sprint(first["kind"]) < fmt.Sprint(second["kind"])
	})
	return documents, notes, nil
}

// usedFunctions lists what the templates call, for the test that a chart for old Helm calls nothing new.
func usedFunctions(loaded *chart) ([]string, error) {
	root, _, err := parseAll(loaded)
	if err != nil {
		return nil, err
	}
	used := map[string]bool{}
	var walk func(node parse.Node)
	walkPipe := func(pipe *parse.PipeNode) {
		if pipe != nil {
			walk(pipe)
		}
	}
	walkList := func(list *parse.ListNode) {
		if list != nil {
			walk(list)
		}
	}
	branch := func(node *parse.BranchNode) {
		walkPipe(node.Pipe)
		walkList(node.List)
		walkList(node.ElseList)
	}
	walk = func(node parse.Node) {
		switch node := node.(type) {
		case *parse.ListNode:
			for _, inner := range node.Nodes {
				walk(inner)
			}
		case *parse.ActionNode:
			walkPipe(node.Pipe)
		case *parse.PipeNode:
			for _, command := range node.Cmds {
				for _, argument := range command.Args {
					walk(argument)
				}
			}
		case *parse.ChainNode:
			walk(node.Node)
		case *parse.IdentifierNode:
			used[node.Ident] = true
		case *parse.IfNode:
			branch(&node.BranchNode)
		case *parse.RangeNode:
			branch(&node.BranchNode)
		case *parse.WithNode:
			branch(&node.BranchNode)
		case *parse.TemplateNode:
			used["template"] = true
			walkPipe(node.Pipe)
		case *parse.BreakNode:
			used["break"] = true
		case *parse.ContinueNode:
			used["continue"] = true
		}
	}
	for _, one := range root.Templates() {
		if one.Tree != nil {
			walk(one.Tree.Root)
		}
	}
	names := make([]string, 0, len(used))
	for name := range used {
		names = append(names, name)
	}
	sort.Strings(names)
	return names, nil
}

// --- the command -----------------------------------------------------------------------------------------------------

type many []string

func (m *many) String() string         { return strings.Join(*m, " ") }
func (m *many) Set(value string) error { *m = append(*m, value); return nil }

func run() error {
	var valueFiles, settings many
	flag.Var(&valueFiles, "f", "values file; may be repeated, later ones win")
	flag.Var(&settings, "set", "a.b=c; may be repeated")
	name := flag.String("name", "node-local-dns", "release name")
	namespace := flag.String("namespace", "default", "release namespace")
	upgrade := flag.Bool("is-upgrade", false, "as for helm upgrade")
	version := flag.String("kube-version", "v1.32.0", "version of the API server")
	apis := flag.String("api-versions", "", "further API versions of the cluster, separated by commas")
	valuesOnly := flag.Bool("values-only", false, "only the values, as a schema would see them")
	listFunctions := flag.Bool("functions", false, "list the functions that the templates call")
	flag.Parse()
	if flag.NArg() != 1 {
		return fmt.Errorf("usage: render [FLAGS] CHART")
	}

	loaded, err := loadChart(flag.Arg(0))
	if err != nil {
		return err
	}
	printed := json.NewEncoder(os.Stdout)
	if *listFunctions {
		names, err := usedFunctions(loaded)
		if err != nil {
			return err
		}
		return printed.Encode(names)
	}

	user := values{}
	for _, file := range valueFiles {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		read, err := readValues(text)
		if err != nil {
			return fmt.Errorf("failed to parse %s: %w", file, err)
		}
		user = merge(user, read)
	}
	for _, setting := range settings {
		if err := setValue(user, setting); err != nil {
			return err
		}
	}
	coalesce(user, loaded.values)
	if *valuesOnly {
		return printed.Encode(result{Values: user})
	}

	numbers := regexp.MustCompile(`^v?(\d+)\.(\d+)`).FindStringSubmatch(*version)
	if numbers == nil {
		return fmt.Errorf("--kube-version %s: not a version", *version)
	}
	offered := capabilities{KubeVersion: kubeVersion{*version, numbers[1], numbers[2]}, APIVersions: builtIn}
	if *apis != "" {
		offered.APIVersions = append(append(versionSet{}, builtIn...), strings.Split(*apis, ",")...)
	}
	offered.HelmVersion.Version = "v3.17.0"
	documents, notes, err := render(loaded, values{
		"Values":       user,
		"Chart":        loaded.metadata,
		"Release":      release{*name, *namespace, "Helm", !*upgrade, *upgrade, 1},
		"Capabilities": offered,
		"Files":        loaded.files,
		"Subcharts":    values{},
	})
	// With the values all the same: Helm would have asked the schema about them before.
	failure := ""
	if err != nil {
		failure = err.Error()
	}
	return printed.Encode(result{user, documents, notes, failure})
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "Error:", err)
		os.Exit(1)
	}
}
