package storefile_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore/internal/storefile"
)

func TestName(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ namespace, logical, want string }{
		{"", "orders", "table/orders.journal"},
		{"shop", "orders", "shop/table/orders.journal"},
		{"shop", "Order_lines-2", "shop/table/Order_lines-2.journal"},
	} {
		got, err := storefile.Name(tt.namespace, "table", tt.logical, ".journal")
		if err != nil || filepath.ToSlash(got) != tt.want {
			t.Errorf("Name(%q, %q) = %q, %v, want %q", tt.namespace, tt.logical, got, err, tt.want)
		}
	}
	for _, bad := range []string{"..", ".", "a/b", `a\b`, "/etc", "1a", "a b", "a\x00", "é", strings.Repeat("a", 65)} {
		if got, err := storefile.Name("", "table", bad, ""); err == nil || !strings.HasPrefix(err.Error(), "table name ") {
			t.Errorf("Name of the table %q = %q, %v, want an error", bad, got, err)
		}
		if got, err := storefile.Name(bad, "table", "orders", ""); err == nil || !strings.HasPrefix(err.Error(), "namespace name ") {
			t.Errorf("Name in the namespace %q = %q, %v, want an error", bad, got, err)
		}
	}
	if got, err := storefile.Name("shop", "table", "", ""); err == nil {
		t.Errorf("Name without a name = %q, want an error", got)
	}
}
