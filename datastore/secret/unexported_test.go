package secret_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore/secret"
)

// TestNotExported: what the documentation of Text warns of is so. If package fmt
// learns to ask there, the warning can go.
func TestNotExported(t *testing.T) {
	t.Parallel()
	v := struct{ key secret.Text }{"hunter2"}
	if printed := fmt.Sprint(v); !strings.Contains(printed, "hunter2") {
		t.Errorf("a field that is not exported is printed as %s, want the documentation of Text to say so", printed)
	}
}
