package template

import (
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// TestUnknownType: a resource that the role could not make is refused with its line.
func TestUnknownType(t *testing.T) {
	t.Parallel()
	made := &Template{app: "shop", resources: []resource{{id: "Ship", typ: "AWS::RoboMaker::Robot", at: datastore.Position{File: "main.go", Line: 7}}}}
	_, _, err := made.Deployer(Deployer{Stack: "shop"})
	if err == nil || !strings.Contains(err.Error(), "main.go:7: AWS::RoboMaker::Robot Ship: the role that deploys has no permissions") {
		t.Errorf("Deployer = %v", err)
	}
}

// TestExactly: a name that CloudFormation may cut is known by its beginning alone.
func TestExactly(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("Long", 12) // 48 and 13 at the end, with the stack's
	for _, c := range []struct{ stack, id, want string }{
		{"shop", "OrdersRole", "shop-OrdersRole-*"},
		{"s", long, "s-" + long + "-*"},
		{"sh", long, "sh-LongLongLongLong*"},
	} {
		if got := (outside{stack: c.stack}).exactly(c.id); got != c.want {
			t.Errorf("exactly(%q) of %q = %q, want %q", c.id, c.stack, got, c.want)
		}
	}
}
