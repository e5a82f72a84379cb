package run_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The rules of the house: who may know whom, what a Lambda binary may link, how
// large it may be. docs/architecture.md says why.

const module = "github.com/seed-18e8afb5/tierkit/"

// lambdaTags is the build line of functions.
const lambdaTags = "lambda.norpc,validator_novalidatefn"

// rule says which packages of this module, and of others, the packages whose
// path matches may import.
type rule struct {
	of    string // regular expression of the path below the module
	ours  string
	other string
}

var rules = []rule{
	{`handler`, `handler/schema`, `github.com/go-playground/validator/v10`},
	{`handler/schema`, ``, ``},
	{`handler/lambda|handler/handlertest`, `handler(/schema)?|datastore`, `github.com/aws/aws-lambda-go/.*`},
	{`handler/jwt`, `handler`, ``},
	{`handler/proxy`, `handler`, `github.com/aws/aws-lambda-go/.*|github.com/awslabs/aws-lambda-go-api-proxy/.*`},
	{`middleware/zstd`, `middleware`, `github.com/klauspost/compress/zstd`},
	{`middleware/otel`, `middleware|handler|datastore`, `github.com/aws/aws-lambda-go/lambdacontext|go.opentelemetry.io/otel/(attribute|codes|metric|trace)`},
	{`middleware`, `handler(/jwt)?|datastore(/(retry|table|blob|cache|queue|topic|stream|call|service|secret|key|identity|config))?`, `github.com/aws/aws-lambda-go/lambdacontext`},
	{`datastore`, ``, ``},
	{`datastore/topic`, `datastore(/internal/(handle|message)|/retry|/topic/filterpolicy)?`, ``},
	{`datastore/identity`, `datastore(/key|/secret|/internal/(handle|encryptionsdk))?`, ``},
	{`datastore/(table|config|connection|blob|cache|queue|topic|stream|search|call|sqldb|warehouse|service|secret|key|identity)`, `datastore(/internal/(handle|message)|/retry)?`, ``},
	{`datastore/topic/filterpolicy`, `datastore(/internal/pattern)?`, ``},
	{`datastore/eventfilter`, `datastore/internal/pattern`, ``},
	{`datastore/sqldb/migrate`, `datastore(/sqldb|/retry|/internal/customresource)?`, ``},
	{`datastore/sqldb/sqlstate`, `datastore(/sqldb)?`, ``},
	{`datastore/warehouse/statements`, `datastore(/warehouse)?`, ``},
	{`datastore/sqldb/postgres`, `datastore(/sqldb(/sqlstate)?|/internal/socket)?`, `github.com/jackc/pgx/v5/?.*`},
	{`datastore/[a-z]+/[a-z]+test`, `datastore(/[a-z]+)?|datastore/topic/filterpolicy|datastore/internal/.*`, `github.com/google/go-cmp/.*`},
	{`datastore/internal/customresource`, `datastore(/retry)?`, ``},
	{`datastore/retry`, `datastore(/internal/socket)?`, ``},
	{`datastore/internal/.*`, `datastore`, ``},
	{`datastore/embedded/sqlitedb`, `datastore(/sqldb(/migrate)?|/internal/storefile)?`, `modernc.org/sqlite.*`},
	{`datastore/embedded/localpostgres`, `datastore(/sqldb(/migrate|/postgres)?)?`, `github.com/jackc/pgx/v5/?.*`},
	{`datastore/embedded/sqlwarehouse`, `datastore(/warehouse(/statements)?)?`, ``},
	{`datastore/embedded/.*`, `datastore(/[a-z]+|/internal/storefile)?|datastore/topic/filterpolicy`, ``},
	{`datastore/vpc`, `datastore(/iam)?`, `github.com/aws/aws-sdk-go-v2/aws`},
	{`datastore/vpc/rdspostgres`, `datastore(/sqldb(/postgres)?|/iam|/vpc)?`, `github.com/aws/aws-sdk-go-v2/.*|github.com/jackc/pgx/v5/?.*`},
	{`datastore/vpc/rdsmysql`, `datastore(/sqldb|/iam|/vpc|/internal/socket)?`, `github.com/aws/aws-sdk-go-v2/.*|github.com/go-sql-driver/mysql`},
	{`datastore/vpc/redshiftwire`, `datastore(/warehouse(/statements)?|/sqldb/postgres|/vpc|/retry)?`, ``},
	{`datastore/vpc/valkeycache`, `datastore(/cache|/iam|/vpc|/retry|/internal/socket)?`, `github.com/aws/aws-sdk-go-v2/.*|github.com/valkey-io/valkey-go`},
	{`datastore/vpc/webservice`, `datastore(/service|/iam|/vpc|/retry)?`, `github.com/aws/aws-sdk-go-v2/.*`},
	{`datastore/datatest`, `datastore(/[a-z]+)?|datastore/embedded/.*`, ``},
	{`datastore/iam`, `datastore(/retry)?`, `github.com/aws/(aws-sdk-go-v2|smithy-go)(/(aws|credentials|transport|retry|middleware|internal).*|/service/sts(/types)?)?`},
	{`datastore/iam/dsqlsql`, `datastore(/sqldb(/postgres)?|/iam)?`, `github.com/aws/aws-sdk-go-v2/.*|github.com/jackc/pgx/v5/?.*`},
	{`datastore/iam/rdsdatasql`, `datastore(/sqldb(/sqlstate)?|/iam)?`, `github.com/aws/(aws-sdk-go-v2|smithy-go).*`},
	{`datastore/iam/.*`, `datastore(/[a-z]+)?|datastore/iam`, `github.com/aws/(aws-sdk-go-v2|smithy-go).*`},
	{`tier`, `handler(/schema)?|datastore(/eventfilter)?`, ``},
	{`tier/event`, `datastore(/topic/filterpolicy)?`, ``},
	{`tier/hook`, `tier|handler|middleware|datastore(/iam)?`, `github.com/aws/(aws-sdk-go-v2/aws(/signer/v4)?|smithy-go)`},
	{`tier/internal/doorway`, `tier|handler(/lambda)?|datastore`, ``},
	{`tier/internal/.*`, `tier|handler|datastore(/[a-z]+)?`, ``},
	{`tier/openapi`, `handler/schema`, ``},
	{`tier/(policy|template|client|console|scaffold)`, `tier(/policy(/evaluate)?|/openapi|/event)?|handler(/schema)?|datastore(/[a-z]+)?`, ``},
	{`tier/lint`, `tier(/policy|/template|/event)?|handler/schema|datastore(/[a-z]+)?`, ``},
	{`tier/local`, `tier|tier/event|tier/openapi|tier/internal/doorway|tier/local/sigv4|tier/policy/evaluate|handler(/schema|/lambda|/jwt)?|datastore(/[a-z]+)?|datastore/topic/filterpolicy|datastore/embedded/.*`, `github.com/aws/aws-lambda-go/.*|github.com/coder/websocket|github.com/go-json-experiment/json/jsontext|github.com/santhosh-tekuri/jsonschema/v6|golang.org/x/net/http/httpguts`},
	{`tier/local/sigv4|tier/policy/evaluate`, ``, ``},
	{`tier/run`, `.*`, `.*`},
	{`examples/.*`, `.*`, `.*`},
}

type listed struct {
	ImportPath string
	Standard   bool
	Imports    []string
}

func list(t *testing.T, args ...string) []listed {
	t.Helper()
	out := goCommand(t, append([]string{"list", "-json=ImportPath,Standard,Imports"}, args...)...)
	var all []listed
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

// goCommand runs the go command at the root of the module.
func goCommand(t *testing.T, args ...string) []byte {
	t.Helper()
	cmd := exec.Command("go", args...)
	cmd.Dir = root(t)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, stderr.Bytes())
	}
	return out
}

func root(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestRegularExpressions: regular expressions are those of Go, which take time in
// proportion to the text, whatever a client sends. An engine that goes back is linked
// nowhere, and package regexp is not what handlers and middleware read requests with.
func TestRegularExpressions(t *testing.T) {
	t.Parallel()
	engine := regexp.MustCompile(`regexp2|pcre|onig|rubex|backtrack`)
	for _, p := range list(t, "-deps", "./...") {
		if !p.Standard && engine.MatchString(p.ImportPath) {
			t.Errorf("%s is linked: does it go back?", p.ImportPath)
		}
		path := strings.TrimPrefix(p.ImportPath, module)
		if whole(`handler(/.*)?|middleware(/.*)?`, path) && slices.Contains(p.Imports, "regexp") {
			t.Errorf("%s imports regexp: write the parser", path)
		}
	}
}

func TestImports(t *testing.T) {
	t.Parallel()
	for _, tags := range []string{"", lambdaTags} {
		for _, p := range list(t, "-tags", tags, "./...") {
			path := strings.TrimPrefix(p.ImportPath, module)
			i := slices.IndexFunc(rules, func(r rule) bool { return whole(r.of, path) })
			if i < 0 {
				t.Errorf("no rule says what %s may import; add one to the table, and the reason to docs/decisions.md", path)
				continue
			}
			for _, imp := range p.Imports {
				own, ours := strings.CutPrefix(imp, module)
				switch {
				case ours && !whole(rules[i].ours, own):
					t.Errorf("%s (tags %q) imports %s; of ours it may import %q", path, tags, own, rules[i].ours)
				case !ours && strings.Contains(strings.Split(imp, "/")[0], ".") && !whole(rules[i].other, imp):
					t.Errorf("%s (tags %q) imports %s; of others it may import %q", path, tags, imp, rules[i].other)
				}
			}
		}
	}
}

// TestDriversAreApart: a driver imports one kind, and one of an AWS service one
// service client.
func TestDriversAreApart(t *testing.T) {
	t.Parallel()
	kind := regexp.MustCompile(`^` + module + `datastore/[a-z]+$`)
	shared := []string{module + "datastore/iam", module + "datastore/vpc", module + "datastore/retry"}
	for _, p := range list(t, "./datastore/embedded/...", "./datastore/iam/...", "./datastore/vpc/...") {
		var kinds, clients []string
		for _, imp := range p.Imports {
			rest, sdk := strings.CutPrefix(imp, "github.com/aws/aws-sdk-go-v2/service/")
			switch {
			case kind.MatchString(imp) && !slices.Contains(shared, imp):
				kinds = append(kinds, imp)
			case sdk && !strings.HasSuffix(rest, "/types"):
				clients = append(clients, imp)
			}
		}
		if len(kinds) > 1 || len(clients) > 1 {
			t.Errorf("%s imports the kinds %v and the service clients %v; one of each at most", p.ImportPath, kinds, clients)
		}
	}
}

func whole(expr, s string) bool {
	return regexp.MustCompile(`^(?:` + expr + `)$`).MatchString(s)
}

// notInLambda must not be linked into a function.
var notInLambda = []string{
	"testing", "text/template", "html/template", "flag", "text/tabwriter", "net/rpc", "go/.*",
	"github.com/aws/aws-sdk-go-v2/config", "github.com/coder/websocket.*", "github.com/google/go-cmp/.*", "github.com/fsnotify/.*",
	module + "tier/(local|template|policy|openapi|client|console|scaffold)",
	module + "datastore/(sqldb/migrate|internal/customresource)", // but by a program that names migrate.OnDeploy
	module + "tier/hook", // but by a program with a hook
	module + "datastore/(embedded|datatest).*", module + "datastore/[a-z]+/[a-z]+test", module + "handler/handlertest",
}

func TestLambdaLinkSet(t *testing.T) {
	t.Parallel()
	for _, program := range []string{"./examples/quickstart", "./tier/run/testdata/chat", "./tier/run/testdata/ledger"} {
		for _, p := range list(t, "-deps", "-tags", lambdaTags, program) {
			for _, expr := range notInLambda {
				if whole(expr, p.ImportPath) {
					t.Errorf("the Lambda binary of %s links %s", program, p.ImportPath)
				}
			}
		}
	}
}

// maxLambdaBytes is the budget of a stripped function with one store.
const maxLambdaBytes = 11_500_000

func TestLambdaBinary(t *testing.T) {
	t.Parallel()
	bin := buildLambda(t, "./examples/quickstart", "linux", "arm64")
	info, err := os.Stat(bin)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("quickstart for linux/arm64: %.2f MB", float64(info.Size())/1e6)
	if info.Size() > maxLambdaBytes {
		t.Errorf("the Lambda binary of the quickstart is %d bytes, more than %d", info.Size(), maxLambdaBytes)
	}
}

// TestInitTime prints what package initialisation costs. It is printed and not
// judged: time on a shared machine is no budget. The allocations are.
func TestInitTime(t *testing.T) {
	t.Parallel()
	bin := buildLambda(t, "./examples/quickstart", runtime.GOOS, runtime.GOARCH)
	cmd := exec.Command(bin)
	cmd.Env = append(os.Environ(), "GODEBUG=inittrace=1")
	out, _ := cmd.CombinedOutput() // outside Lambda it ends with status 1
	var clock float64
	var bytesSum int
	line := regexp.MustCompile(`init (\S+) @\S+ ms, (\S+) ms clock, (\d+) bytes`)
	for _, m := range line.FindAllStringSubmatch(string(out), -1) {
		ms, err := strconv.ParseFloat(m[2], 64)
		if err != nil {
			t.Fatal(err)
		}
		n, err := strconv.Atoi(m[3])
		if err != nil {
			t.Fatal(err)
		}
		clock, bytesSum = clock+ms, bytesSum+n
		if strings.HasPrefix(m[1], module) {
			t.Logf("own package with initialisation: %s", m[0])
		}
	}
	if bytesSum == 0 {
		t.Fatalf("no inittrace in the output:\n%s", out)
	}
	t.Logf("package initialisation: %.2f ms, %d kB", clock, bytesSum/1000)
	const maxInitBytes = 1_500_000
	if bytesSum > maxInitBytes {
		t.Errorf("package initialisation allocates %d bytes, more than %d:\n%s", bytesSum, maxInitBytes, out)
	}
}

func buildLambda(t *testing.T, pkg, goos, goarch string) string {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "bootstrap")
	cmd := exec.Command("go", "build", "-tags", lambdaTags, "-trimpath", "-ldflags=-s -w", "-o", bin, pkg)
	cmd.Dir = root(t)
	cmd.Env = append(os.Environ(), "GOOS="+goos, "GOARCH="+goarch, "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build %s: %v\n%s", pkg, err, out)
	}
	return bin
}

// goFiles calls f for every Go file of the module that git would know.
func goFiles(t *testing.T, f func(path string, text []byte)) {
	t.Helper()
	top := root(t)
	err := filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if path != top && strings.HasPrefix(d.Name(), ".") {
				return fs.SkipDir
			}
			return nil
		}
		if filepath.Ext(path) != ".go" {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(top, path)
		if err != nil {
			return err
		}
		f(filepath.ToSlash(rel), text)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestGofmt(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("gofmt", "-l", root(t)).CombinedOutput()
	if err != nil || len(out) > 0 {
		t.Errorf("gofmt -l: %v\n%s", err, out)
	}
}

// TestTopLevel keeps the folders to the agreed ones.
func TestTopLevel(t *testing.T) {
	t.Parallel()
	entries, err := os.ReadDir(root(t))
	if err != nil {
		t.Fatal(err)
	}
	allowed := []string{"tier", "handler", "datastore", "middleware", "examples", "docs"}
	for _, e := range entries {
		if e.IsDir() && !strings.HasPrefix(e.Name(), ".") && !slices.Contains(allowed, e.Name()) {
			t.Errorf("top-level folder %s; only %v", e.Name(), allowed)
		}
	}
}
