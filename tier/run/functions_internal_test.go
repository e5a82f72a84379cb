//go:build !lambda.norpc

package run

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/blob"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
)

// TestFullRoleIsNoted: what lint would say of a role is said of one that was joined.
func TestFullRoleIsNoted(t *testing.T) {
	t.Parallel()
	for functions, want := range map[string]bool{"one": true, "declared": false} {
		var said bytes.Buffer
		p := &program{stdout: io.Discard, stderr: &said, newApp: func(data *datastore.Data) *tier.App {
			app := tier.New("shop-of-many-things")
			api := app.API("orders")
			files := blob.New(data, "files")
			for i := range 130 {
				f := api.Function(fmt.Sprintf("f%d", i))
				f.Handle(fmt.Sprintf("GET /a%d", i), handler.New(func(context.Context, struct{}) (struct{}, error) { return struct{}{}, nil }))
				datastore.Use[blob.Getter](f, files.Under(fmt.Sprintf("a-prefix-of-some-length-%d/", i)))
			}
			return app
		}}
		// As many as are declared have more resources than a stack.
		if err := p.template([]string{"-functions", functions}); (err == nil) != want {
			t.Errorf("-functions %s: %v", functions, err)
		}
		if noted := strings.Contains(said.String(), "note: the policies in the role of function f0 can have "); noted != want {
			t.Errorf("-functions %s said\n%s", functions, said.String())
		}
	}
}
