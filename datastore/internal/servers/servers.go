// Package servers finds the independent servers that conformance suites run
// against. Each is named by an environment variable that holds its URL.
package servers

import (
	"os"
	"strings"
	"testing"
)

// Required is the variable that makes a missing server a failure, by the value
// "require". Without it, tests that need one are skipped and say which.
const Required = "TIERKIT_TEST_SERVERS"

// URL is the address in variable, such as TIERKIT_TEST_MOTO.
func URL(t testing.TB, variable string) string {
	t.Helper()
	url := strings.TrimRight(os.Getenv(variable), "/")
	switch {
	case url != "":
	case os.Getenv(Required) == "require":
		t.Fatalf("%s is not set, and %s=require: start the server and set its URL", variable, Required)
	default:
		t.Skipf("%s is not set: not run against this server", variable)
	}
	return url
}
