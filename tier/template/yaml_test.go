package template_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/seed-18e8afb5/tierkit/tier/template"
)

func TestYAML(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ json, want string }{
		"members":         {`{"b":1,"a":"text","c":true,"d":null}`, "b: 1\na: text\nc: true\nd: null\n"},
		"nested":          {`{"a":{"b":{"c":"d"}},"e":"f"}`, "a:\n  b:\n    c: d\ne: f\n"},
		"elements":        {`{"a":["b",{"c":1,"d":2},["e",["f"]]]}`, "a:\n  - b\n  - c: 1\n    d: 2\n  - - e\n    - - f\n"},
		"empty":           {`{"a":{},"b":[],"c":"","d":[[],{}]}`, "a: {}\nb: []\nc: \"\"\nd:\n  - []\n  - {}\n"},
		"an array":        {`[1,2]`, "- 1\n- 2\n"},
		"a scalar":        {`"x"`, "x\n"},
		"empty alone":     {`{}`, "{}\n"},
		"words":           {`["yes","NO","On","off","y","N","true","null","~"]`, "- \"yes\"\n- \"NO\"\n- \"On\"\n- \"off\"\n- \"y\"\n- \"N\"\n- \"true\"\n- \"null\"\n- \"~\"\n"},
		"like numbers":    {`["1","1.5","0x1f","12:30:45","1e3",".inf","2026-11-23"]`, "- \"1\"\n- \"1.5\"\n- \"0x1f\"\n- \"12:30:45\"\n- \"1e3\"\n- \".inf\"\n- \"2026-11-23\"\n"},
		"exponents":       {`[1e3,1.5E-3]`, "- 1000\n- 0.0015\n"},
		"control":         {`["a\nb\t\u0001\u007f\u0085\u2028\ufeff"]`, `- "a\nb\u0009\u0001\u007f\u0085\u2028\ufeff"` + "\n"},
		"beyond 16 bits":  {`["😀\udb40\udc01"]`, `- "😀\U000e0001"` + "\n"},
		"colons":          {`["s3:GetObject","s3:*","AWS::S3::Bucket","a:","a: b",":a","a:::b"]`, "- s3:GetObject\n- s3:*\n- AWS::S3::Bucket\n- \"a:\"\n- \"a: b\"\n- \":a\"\n- \"a:::b\"\n"},
		"names as values": {`{"$default":1,"/orders/{id}":2,"Fn::Sub":"${A}: #b","on":3}`, "\"$default\": 1\n\"/orders/{id}\": 2\nFn::Sub: \"${A}: #b\"\n\"on\": 3\n"},
	} {
		got, err := template.YAML([]byte(tt.json))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if d := cmp.Diff(tt.want, string(got)); d != "" {
			t.Errorf("%s (-want +got)\n%s", name, d)
		}
	}
	for _, broken := range []string{``, `{`, `{"a"`, `[1,]`, `{} {}`, `nope`} {
		if got, err := template.YAML([]byte(broken)); err == nil {
			t.Errorf("%q became %q", broken, got)
		}
	}
}

// TestYAMLTemplates: what the tools of AWS read YAML with finds in every template what
// is in the JSON.
func TestYAMLTemplates(t *testing.T) {
	t.Parallel()
	var in bytes.Buffer
	for name, newApp := range apps {
		text := sam(t, newApp)
		rendered, err := template.YAML(text)
		if err != nil {
			t.Fatal(name, err)
		}
		for _, part := range [][]byte{text, rendered} {
			if err := json.NewEncoder(&in).Encode(string(part)); err != nil {
				t.Fatal(err)
			}
		}
	}
	const compare = `
import json, sys, yaml
lines = sys.stdin.readlines()
for i in range(0, len(lines), 2):
    want, text = json.loads(json.loads(lines[i])), json.loads(lines[i+1])
    got = yaml.load(text, Loader=yaml.CSafeLoader if hasattr(yaml, "CSafeLoader") else yaml.SafeLoader)
    if got != want or list(got["Resources"]) != list(want["Resources"]):
        print("differs:", text[:2000])
print(len(lines) // 2, "compared")
`
	out := runPython(t, &in, "-c", compare)
	if want := fmt.Sprintf("%d compared", len(apps)); strings.TrimSpace(out) != want {
		t.Errorf("want %q, got %s", want, out)
	}
}

// runPython runs the Python that has the tools of AWS's users.
func runPython(t *testing.T, in io.Reader, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), python(t), args...)
	cmd.Stdin = in
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return string(out)
}

func FuzzYAML(f *testing.F) {
	for _, seed := range []string{
		`{"a":[{"b":"c"},[],{}],"=":"=","<<":"<<","":null}`, `["\u0085 \ufffe\u2029","- a","? b",": c","#","&a","*a","!t","|",">","'","%","@"," a "]`,
		`{"Fn::Sub":"x: y # z","y":"y","1":1.50,"big":123456789012345678901234567890,"e":-1e-7}`, `"---"`, `[[[[1]]]]`, `{"a":{"b":[{"c":{"d":[]}}]}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		var want any
		if json.Unmarshal(in, &want) != nil || tooDeep(want, 200) {
			t.Skip()
		}
		text, err := template.YAML(in)
		if err != nil {
			t.Fatalf("%q: %v", in, err)
		}
		var got any
		if err := yaml.Unmarshal(text, &got); err != nil {
			if strings.Contains(err.Error(), "already defined at line") {
				t.Skip() // JSON lets a name stand twice
			}
			t.Fatalf("%q became\n%s%v", in, text, err)
		}
		if !sameJSON(want, got) {
			t.Fatalf("%q became\n%swhich reads as %#v, not %#v", in, text, got, want)
		}
	})
}

// tooDeep reports whether collections are nested more than n times.
func tooDeep(v any, n int) bool {
	if n == 0 {
		return true
	}
	switch v := v.(type) {
	case map[string]any:
		for _, one := range v {
			if tooDeep(one, n-1) {
				return true
			}
		}
	case []any:
		for _, one := range v {
			if tooDeep(one, n-1) {
				return true
			}
		}
	}
	return false
}

func sameJSON(want, got any) bool {
	switch want := want.(type) {
	case map[string]any:
		got, ok := got.(map[string]any)
		if !ok || len(got) != len(want) {
			return false
		}
		for name, one := range want {
			if other, there := got[name]; !there || !sameJSON(one, other) {
				return false
			}
		}
		return true
	case []any:
		got, ok := got.([]any)
		if !ok || len(got) != len(want) {
			return false
		}
		for i := range want {
			if !sameJSON(want[i], got[i]) {
				return false
			}
		}
		return true
	case float64:
		var n float64
		switch got := got.(type) {
		case int:
			n = float64(got)
		case uint64:
			n = float64(got)
		case float64:
			n = got
		default:
			return false
		}
		return n == want || math.Abs(n-want) <= math.Abs(want)*1e-15
	}
	return want == got
}
