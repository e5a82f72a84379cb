package template_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
)

func rows(context.Context, struct{}) (handler.NDJSON[order], error) { return nil, nil }
func news(context.Context, struct{}) (handler.EventStream, error)   { return nil, nil }
func read(context.Context, path) (io.Reader, error)                 { return nil, nil }

// streams has routes of both modes and URLs of both auth types.
func streams(*datastore.Data) *tier.App {
	app := tier.New("feeds")
	api := app.API("feeds", tier.Timeout(15*time.Minute))
	api.Handle("GET /rows", handler.New(rows), tier.Stream())
	api.Handle("GET /files/{path...}", handler.New(read), tier.Stream())
	live := api.Function("live", tier.URL(tier.FunctionURL{Auth: tier.URLPublic, Stream: true}), tier.Timeout(5*time.Minute))
	live.Handle("GET /live", handler.New(news))
	admin := api.Function("admin", tier.URL(tier.FunctionURL{}))
	admin.Handle("GET /admin", handler.New(rows))
	return app
}

// STG-06: an integration in stream mode has its own path, mode and time.
func TestStreamIntegrations(t *testing.T) {
	t.Parallel()
	type integration struct {
		Mode, URI string
		Wait      int
	}
	var d struct {
		Resources map[string]struct {
			Properties struct {
				DefinitionBody struct {
					Paths map[string]map[string]struct {
						Integration struct {
							URI                  map[string]string
							ResponseTransferMode string
							TimeoutInMillis      int
						} `json:"x-amazon-apigateway-integration"`
					}
				}
			}
		}
	}
	if err := json.Unmarshal(sam(t, streams), &d); err != nil {
		t.Fatal(err)
	}
	got := map[string]integration{}
	for path, item := range d.Resources["FeedsApi"].Properties.DefinitionBody.Paths {
		i := item["get"].Integration
		got[path] = integration{i.ResponseTransferMode, i.URI["Fn::Sub"], i.TimeoutInMillis}
	}
	const arn = "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/"
	want := map[string]integration{
		"/rows":          {"STREAM", arn + "2021-11-15/functions/${FeedsFunction.Arn}/response-streaming-invocations", 900000},
		"/files/{path+}": {"STREAM", arn + "2021-11-15/functions/${FeedsFunction.Arn}/response-streaming-invocations", 900000},
		"/live":          {"", arn + "2015-03-31/functions/${LiveFunction.Arn}/invocations", 29000},
		"/admin":         {"", arn + "2015-03-31/functions/${AdminFunction.Arn}/invocations", 29000},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// FUR-17: a public URL has two permissions, bound to URLs; one with IAM none.
func TestURLs(t *testing.T) {
	t.Parallel()
	var d doc
	if err := json.Unmarshal(sam(t, streams), &d); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for id, r := range d.Resources {
		p := r.Properties
		switch {
		case r.Type == "AWS::Lambda::Url":
			got[id] = fmt.Sprint(p["AuthType"], " ", p["InvokeMode"], " ", p["TargetFunctionArn"])
		case r.Type == "AWS::Lambda::Permission" && p["Principal"] == "*":
			got[id] = fmt.Sprint(p["FunctionName"], " ", p["Action"], " ", p["FunctionUrlAuthType"], " ", p["InvokedViaFunctionUrl"])
		}
	}
	want := map[string]string{
		"LiveUrl":                 "NONE RESPONSE_STREAM map[Fn::GetAtt:[LiveFunction Arn]]",
		"LiveUrlCallPermission":   "map[Ref:LiveFunction] lambda:InvokeFunctionUrl NONE <nil>",
		"LiveUrlInvokePermission": "map[Ref:LiveFunction] lambda:InvokeFunction <nil> true",
		"AdminUrl":                "AWS_IAM BUFFERED map[Fn::GetAtt:[AdminFunction Arn]]",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
