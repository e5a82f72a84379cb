package lambda_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// trap is a mistake that a real adapter made, by the number that the tests cite
// in their reasons.
type trap struct {
	id    int
	what  string
	tests string // those that show that it is not made here
}

// traps are those of adapters. Numbers that are not here are about other
// things: the local gateway, who invokes a function, what the stores read, tokens.
var traps = []trap{
	// Paths
	{1, "an encoded slash is kept", "TestPath TestNetHTTPURL"},
	{2, "a decoded space is encoded", "TestPath TestNetHTTPURL"},
	{5, "a decoded question mark starts no query", "TestPath TestNetHTTPURL"},
	{6, "a function URL's path is the encoded one", "TestPath TestNetHTTPURL"},
	{8, "two slashes make no host", "TestPath TestNetHTTPURL TestNetHTTPHeader TestLatticeLine"},
	{9, "a base path is cut in whole segments", "TestPath TestLatticeBasePath"},
	{10, "and once, in front", "TestPath"},
	{11, "a named stage is cut", "TestPath"},
	{13, "in whole segments", "TestPath"},
	{14, "the default stage is not", "TestPath"},
	{15, "a slash at the end is kept", "TestPath TestNetHTTPURL"},
	{17, "a path parameter is decoded once", "TestMuxBehindDoors"},
	{18, "a segment may have any character", "TestPath TestMuxBehindDoors"},
	{20, "a parameter is one segment", "TestMuxBehindDoors"},
	// Query
	{21, "a load balancer's query is as sent", "TestQuery TestNetHTTPForm"},
	{24, "a REST API's is encoded once", "TestQuery TestNetHTTPForm"},
	{25, "the map of single values will do", "TestQuery TestNetHTTPForm"},
	{26, "of two maps one counts", "TestQuery TestNetHTTPForm"},
	{27, "the raw query counts, not the joined map", "TestQuery TestNetHTTPForm"},
	{29, "a map without a raw query will do", "TestQuery TestNetHTTPURL"},
	{30, "a semicolon is no server error", "TestQuery TestNetHTTPURL"},
	{31, "no query, no question mark", "TestQuery TestNetHTTPURL"},
	{32, "a load balancer's single values are as sent", "TestQuery TestNetHTTPForm"},
	// Headers, cookies, connection
	{33, "a comma does not divide values", "TestHeaders TestLatticeRequest"},
	{35, "repeated headers have all values", "TestHeaders"},
	{36, "two spellings are one header", "TestHeaders"},
	{37, "the host is not among the headers", "TestHeaders TestNetHTTPHeader"},
	{39, "the remote address has a port", "TestFacts TestNetHTTPHeader"},
	{42, "cookies are one line", "TestHeaders TestNetHTTPHeader"},
	{43, "each once", "TestHeaders TestFunctionURLCookiesOnce TestNetHTTPHeader"},
	{45, "no header is the gateway's word", "TestNothingIsReadFromHeaders TestLatticeRequest"},
	{47, "null is no map, and no panic", "TestHeaders TestNullEverywhere TestLatticeRequest"},
	{48, "names are compared without case", "TestHeaderNamesWithoutCase"},
	// Request body
	{50, "a base64 body is bytes of a known length", "TestBody TestNetHTTPBody TestLatticeRequest"},
	{51, "no body is an empty one", "TestBody TestNetHTTPBody TestNullEverywhere"},
	{52, "base64 of nothing is nothing", "TestBody TestNetHTTPBody"},
	{54, "a posted form is read", "TestBody TestNetHTTPForm"},
	{55, "so is one of several parts, byte for byte", "TestBody TestNetHTTPMultipart"},
	{57, "a space before a parameter of a content type", "TestBodyTravels TestContentTypeBinds"},
	// Answers
	{58, "nothing written is 200", "TestFormat TestNetHTTPAnswer"},
	{59, "the first status wins", "TestNetHTTPAnswer"},
	{61, "a content type is not sniffed over", "TestBodyTravels TestNetHTTPAnswer"},
	{62, "two spellings are one content type", "TestHeaderOfAnswer TestNetHTTPAnswer"},
	{63, "values are joined in format 2.0", "TestFormat"},
	{64, "cookies are in a list of their own there", "TestFormat"},
	{65, "a REST API gets all cookies", "TestFormat TestNetHTTPAnswer"},
	{67, "a load balancer is answered in its mode", "TestFormat"},
	{68, "which an empty map tells", "TestFormat"},
	{69, "a status has a description with its number", "TestFormat"},
	{70, "no body is an empty text", "TestFormat TestNetHTTPAnswer"},
	{71, "a header without values is left out", "TestFormat"},
	{72, "bytes are sent in base64", "TestFormat TestNetHTTPAnswer"},
	{74, "so is what is compressed", "TestBodyTravels"},
	{76, "a REST API gets no member that it does not know", "TestFormat"},
	{77, "text survives JSON", "TestFormat"},
	{79, "HEAD has no body", "TestNoBody TestNetHTTPAnswer"},
	{81, "a panic ends one invocation", "TestErrors TestProcess TestNetHTTPPanic"},
	{82, "an abort is a function error without a log", "TestAbort TestNetHTTPPanic"},
	{83, "a flush does no harm", "TestStream TestNetHTTPAnswer"},
	{84, "an informational status is not the answer", "TestUnsendable TestNetHTTPAnswer"},
	{85, "an impossible status is an error", "TestUnsendable TestNetHTTPPanic"},
	// Detection
	{86, "a function URL is no HTTP API", "TestDetection"},
	{87, "nor is a REST API", "TestDetection"},
	{88, "nor a load balancer a REST API", "TestDetection"},
	{91, "a local tool's REST event is one", "TestDetection"},
	{92, "so is one of format 2.0 without a query", "TestQuery"},
	{94, "an unknown event is a clear error", "TestUnservedEvents TestProcess"},
	{95, "only members at the top tell", "TestUnservedEvents TestDetection"},
	{96, "VPC Lattice's names in snake_case are read", "TestLatticeLine TestLatticeRequest"},
	// Authorizers
	{168, "one word of an authorizer is 401, every other 500", "TestNoVerdict"},
	// WebSocket
	{195, "a disconnect says its code and its reason", "TestSocketSamples"},
	// Streaming and runtime
	{196, "status, headers and eight NUL bytes go before a streamed body", "TestStreamed TestStreamProcess"},
	{199, "an error after the first byte does not end the process", "TestStreamFails TestStreamProcess"},
	{201, "who writes to nobody is told", "TestStreamUnblocks"},
	{202, "a front door that buffers is not answered with a stream", "TestStreamModes"},
	{203, "an answer that is too large does not end the process", "TestProcess"},
	{205, "the deadline is the context's", "deadline"},
	{207, "an error has its type and its message", "TestErrors TestProcess TestNetHTTPPanic"},
	// Event sources
	{209, "the messages that failed are named, in a list", "TestItemFailures"},
	{212, "a panic fails one record", "TestFailedRecord"},
	{215, "a sequence number is a text", "TestRecordsRoundTrip"},
	{216, "what there is no time for has failed", "TestDeadline"},
	{223, "a topic's envelope is taken off", "TestEnvelope"},
	{224, "control messages of CloudWatch Logs reach no function", "TestLogs"},
	{226, "each record of Firehose comes back once, with its id", "TestTransformations"},
	{228, "a scheduled event with an empty detail is typed", "TestScheduledEvent"},
	{229, "the answer to an event of a window has a state", "TestWindowOfOthers"},
}

// TestTraps: every trap is cited by the tests that are said to show it, and
// every number that a test cites is a trap.
func TestTraps(t *testing.T) {
	t.Parallel()
	cited := citations(t)
	known := map[int]bool{}
	for i, trap := range traps {
		known[trap.id] = true
		if i > 0 && traps[i-1].id >= trap.id {
			t.Errorf("T%d comes after T%d; sort them, each once", trap.id, traps[i-1].id)
		}
		if trap.tests == "" {
			t.Errorf("T%d, %s: no test shows it", trap.id, trap.what)
		}
		for _, name := range strings.Fields(trap.tests) {
			if !slices.Contains(cited[name], trap.id) {
				t.Errorf("T%d, %s: %s does not cite it", trap.id, trap.what, name)
			}
		}
	}
	for name, ids := range cited {
		for _, id := range ids {
			if !known[id] {
				t.Errorf("%s cites T%d, which is not among the traps", name, id)
			}
		}
	}
}

var citation = regexp.MustCompile(`\bT([0-9]+)\b`)

// citations are the numbers that each function of the package's tests cites, in
// its comments and reasons.
func citations(t *testing.T) map[string][]int {
	t.Helper()
	files, err := filepath.Glob("*_test.go")
	if err != nil || len(files) < 10 {
		t.Fatalf("test files %v, %v", files, err)
	}
	cited := map[string][]int{}
	for _, name := range files {
		if name == "traps_test.go" {
			continue
		}
		src, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, name, src, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range file.Decls {
			f, ok := decl.(*ast.FuncDecl)
			if !ok {
				continue
			}
			from := f.Pos()
			if f.Doc != nil {
				from = f.Doc.Pos()
			}
			for _, m := range citation.FindAllSubmatch(src[fset.Position(from).Offset:fset.Position(f.End()).Offset], -1) {
				id, err := strconv.Atoi(string(m[1]))
				if err != nil {
					t.Fatal(err)
				}
				cited[f.Name.Name] = append(cited[f.Name.Name], id)
			}
		}
	}
	return cited
}
