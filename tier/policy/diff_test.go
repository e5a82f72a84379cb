package policy_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/tier/policy"
)

func TestWider(t *testing.T) {
	t.Parallel()
	own := []datastore.Condition{{Operator: "ForAllValues:StringEquals", Key: "dynamodb:LeadingKeys", Values: []string{"${aws:PrincipalTag/caller}"}}}
	network := []datastore.Condition{{Operator: "Null", Key: "lambda:SourceFunctionArn", Values: []string{"false"}}}
	allow := func(action, resource string, conditions ...datastore.Condition) policy.Permission {
		return policy.Permission{Role: "OrdersRole", Action: action, Resource: resource, Conditions: conditions}
	}
	deny := func(action, resource string, conditions ...datastore.Condition) policy.Permission {
		p := allow(action, resource, conditions...)
		p.Deny = true
		return p
	}
	for _, tt := range []struct {
		name          string
		before, after []policy.Permission
		wider         []policy.Permission
		narrower      []policy.Permission
	}{
		{name: "nothing", before: []policy.Permission{allow("s3:GetObject", "a/*")}, after: []policy.Permission{allow("s3:GetObject", "a/*")}},
		{"an action more", []policy.Permission{allow("s3:GetObject", "a/*")}, []policy.Permission{allow("s3:GetObject", "a/*"), allow("s3:PutObject", "a/*")},
			[]policy.Permission{allow("s3:PutObject", "a/*")}, nil},
		{"another role", []policy.Permission{{Role: "Reads", Action: "s3:GetObject", Resource: "a/*"}}, []policy.Permission{{Role: "Writes", Action: "s3:GetObject", Resource: "a/*"}},
			[]policy.Permission{{Role: "Writes", Action: "s3:GetObject", Resource: "a/*"}}, []policy.Permission{{Role: "Reads", Action: "s3:GetObject", Resource: "a/*"}}},
		{"a part", []policy.Permission{allow("s3:GetObject", "a/*")}, []policy.Permission{allow("s3:GetObject", "a/in/*")},
			nil, []policy.Permission{allow("s3:GetObject", "a/*")}},
		{"the whole", []policy.Permission{allow("s3:GetObject", "a/in/*")}, []policy.Permission{allow("s3:GetObject", "a/*")},
			[]policy.Permission{allow("s3:GetObject", "a/*")}, nil},
		{"stars in between", []policy.Permission{allow("execute-api:Invoke", "x/live/*/orders/*")}, []policy.Permission{allow("execute-api:Invoke", "x/live/GET/orders/*/lines")},
			nil, []policy.Permission{allow("execute-api:Invoke", "x/live/*/orders/*")}},
		{"stars elsewhere", []policy.Permission{allow("execute-api:Invoke", "x/live/*/orders")}, []policy.Permission{allow("execute-api:Invoke", "x/live/GET/orders/*")},
			[]policy.Permission{allow("execute-api:Invoke", "x/live/GET/orders/*")}, []policy.Permission{allow("execute-api:Invoke", "x/live/*/orders")}},
		{"a condition goes", []policy.Permission{allow("dynamodb:GetItem", "t", own...)}, []policy.Permission{allow("dynamodb:GetItem", "t")},
			[]policy.Permission{allow("dynamodb:GetItem", "t")}, nil},
		{"a condition comes", []policy.Permission{allow("dynamodb:GetItem", "t")}, []policy.Permission{allow("dynamodb:GetItem", "t", own...)},
			nil, []policy.Permission{allow("dynamodb:GetItem", "t")}},
		{"a deny goes", []policy.Permission{deny("ec2:CreateNetworkInterface", "*", network...)}, nil,
			[]policy.Permission{deny("ec2:CreateNetworkInterface", "*", network...)}, nil},
		{"a deny is about less", []policy.Permission{deny("ec2:CreateNetworkInterface", "*")}, []policy.Permission{deny("ec2:CreateNetworkInterface", "*", network...)},
			[]policy.Permission{deny("ec2:CreateNetworkInterface", "*")}, nil},
		{"a deny is no allow", []policy.Permission{deny("s3:GetObject", "a/*")}, []policy.Permission{deny("s3:GetObject", "a/*"), allow("s3:GetObject", "a/*")},
			[]policy.Permission{allow("s3:GetObject", "a/*")}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if d := cmp.Diff(tt.wider, policy.Wider(tt.before, tt.after)); d != "" {
				t.Errorf("wider (-want +got):\n%s", d)
			}
			if d := cmp.Diff(tt.narrower, policy.Wider(tt.after, tt.before)); d != "" {
				t.Errorf("narrower (-want +got):\n%s", d)
			}
		})
	}
}
