package handlertest_test

import (
	"fmt"
	"reflect"
	"testing"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
)

func ExampleLatticeV1Event() {
	event := handlertest.LatticeV1Event(handlertest.Request("GET", "/orders/7?expand=true",
		handlertest.Facts(func(f *handler.Facts) { f.Remote = "" })))
	fmt.Println(string(event))
	// Output: {"body":"","headers":{"host":"api.example.com","x-forwarded-proto":"https"},"is_base64_encoded":false,"method":"GET","query_string_parameters":{"expand":"true"},"raw_path":"/orders/7?expand=true"}
}

// latticeEvent is version V2 as the VPC Lattice user guide has it.
type latticeEvent struct {
	Version, Path, Method, Body string
	Headers                     map[string][]string
	QueryStringParameters       map[string][]string
	IsBase64Encoded             *bool
	RequestContext              struct {
		ServiceNetworkArn, ServiceArn, TargetGroupArn, Region, TimeEpoch string

		Identity map[string]string
	}
}

func TestLatticeEvent(t *testing.T) {
	t.Parallel()
	const principal = "arn:aws:sts::1:assumed-role/checkout/i-1"
	req := handlertest.Request("POST", "/a%2Fb?x=1&x=%20", handlertest.JSON(1), handlertest.Header("X-Two", "1", "2"),
		handlertest.As(handler.Caller{Kind: handler.CallerIAM, ID: "AROA:i-1", ARN: principal}))
	var got latticeEvent
	decode(t, handlertest.LatticeEvent(req), &got)
	if got.Version != "2.0" || got.Path != "/a%2Fb?x=1&x=%20" || got.Method != "POST" || got.Body != "1" || got.IsBase64Encoded == nil ||
		!reflect.DeepEqual(got.QueryStringParameters, map[string][]string{"x": {"1", " "}}) ||
		!reflect.DeepEqual(got.Headers["x-two"], []string{"1", "2"}) {
		t.Errorf("LatticeEvent: %+v", got)
	}
	ctx := got.RequestContext
	if ctx.ServiceNetworkArn == "" || ctx.ServiceArn == "" || ctx.TargetGroupArn == "" || ctx.TimeEpoch != "1767323045000000" ||
		ctx.Identity["type"] != "AWS_IAM" || ctx.Identity["principal"] != principal || ctx.Identity["sessionName"] != "i-1" {
		t.Errorf("LatticeEvent: request context %+v", ctx)
	}
	var anonymous latticeEvent
	decode(t, handlertest.LatticeEvent(handlertest.Request("GET", "/", handlertest.As(handler.Caller{Kind: handler.CallerJWT, ID: "ada"}))), &anonymous)
	if id := anonymous.RequestContext.Identity; len(id) != 1 || id["sourceVpcArn"] == "" {
		t.Errorf("LatticeEvent: identity %v of a caller without SigV4, want a VPC only", id)
	}
}

func TestLatticeV1Event(t *testing.T) {
	t.Parallel()
	var got struct {
		RawPath string            `json:"raw_path"`
		Headers map[string]string `json:"headers"`
		Query   map[string]string `json:"query_string_parameters"`
		Base64  *bool             `json:"is_base64_encoded"`
	}
	decode(t, handlertest.LatticeV1Event(handlertest.Request("GET", "/?x=1&x=2", handlertest.Header("X-Two", "1", "2"))), &got)
	if got.RawPath != "/?x=1&x=2" || got.Headers["x-two"] != "1, 2" || got.Query["x"] != "2" || got.Base64 == nil {
		t.Errorf("LatticeV1Event: %+v", got)
	}
}
