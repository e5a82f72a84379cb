package template_test

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestIntegrations: functions are invoked by POST whatever the method of the
// route (RST-22), and nothing is mapped into a proxy integration (RST-21).
func TestIntegrations(t *testing.T) {
	t.Parallel()
	var d doc
	if err := json.Unmarshal(sam(t, several), &d); err != nil {
		t.Fatal(err)
	}
	proxies := 0
	for id, r := range d.Resources {
		if r.Type != "AWS::Serverless::Api" {
			continue
		}
		for path, item := range r.Properties["DefinitionBody"].(map[string]any)["paths"].(map[string]any) {
			for method, operation := range item.(map[string]any) {
				integration, _ := operation.(map[string]any)["x-amazon-apigateway-integration"].(map[string]any)
				if integration["type"] != "aws_proxy" {
					continue
				}
				proxies++
				if integration["httpMethod"] != "POST" {
					t.Errorf("RST-22: %s: %s %s invokes by %v, want POST", id, method, path, integration["httpMethod"])
				}
				if mapped, has := integration["requestParameters"]; has {
					t.Errorf("RST-21: %s: %s %s maps %v", id, method, path, mapped)
				}
			}
		}
	}
	if proxies < 5 {
		t.Errorf("only %d proxy integrations were looked at", proxies)
	}
}

// TestVariables: a function's configuration sets none of the variables that the
// platform sets itself (LMB-09): all are ours.
func TestVariables(t *testing.T) {
	t.Parallel()
	var d doc
	if err := json.Unmarshal(sam(t, several), &d); err != nil {
		t.Fatal(err)
	}
	variables := 0
	for id, r := range d.Resources {
		environment, _ := r.Properties["Environment"].(map[string]any)
		set, _ := environment["Variables"].(map[string]any)
		for name := range set {
			variables++
			if !strings.HasPrefix(name, "TIERKIT_") {
				t.Errorf("LMB-09: %s sets %s", id, name)
			}
		}
	}
	if variables == 0 {
		t.Error("no variable was looked at")
	}
}
