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
