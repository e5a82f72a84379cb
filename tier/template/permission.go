package template

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/policy"
)

// maxFunctionPolicy is what the permissions of a function may take together, in
// bytes. See https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html.
const maxFunctionPolicy = 20 * 1024

// statementSize is the most that a permission takes in the policy of a function:
// as Lambda writes it, with the longest statement id, name of a function, region
// and partition that there are.
var statementSize = len(`{"Sid":"","Effect":"Allow","Principal":{"Service":"apigateway.amazonaws.com"},"Action":"lambda:InvokeFunction",`+
	`"Resource":"arn:aws-us-gov:lambda:ap-southeast-1:123456789012:function:","Condition":{"StringEquals":{"AWS:SourceAccount":"123456789012"},`+
	`"ArnLike":{"AWS:SourceArn":"arn:aws-us-gov:execute-api:ap-southeast-1:123456789012:a1b2c3d4e5/"}}},`) + 100 + 64

// policyFrame is what stands around the statements.
const policyFrame = len(`{"Version":"2012-10-17","Id":"default","Statement":[]}`)

// width is how much one permission lets in. The policy of a function with many
// routes and stages has no room for one a route, nor has a template for all of them.
type width int

const (
	byRoute  width = iota // api/stage/GET/orders/*
	byMethod              // api/stage/GET/*
	byStage               // api/stage/*
)

// source is what a permission says of the requests of a route, behind the stage.
func (w width) source(r *tier.Route) string {
	switch w {
	case byRoute:
		return policy.RouteMethod(r) + policy.RoutePath(r)
	case byMethod:
		return policy.RouteMethod(r) + "/*"
	}
	return "*"
}

// widthOf is the narrowest width by which the permissions of a function have room
// in its policy, beside those that it has already and one for its WebSocket API.
func (s *stack) widthOf(api *tier.API, f *tier.Function) width {
	for w := byRoute; w < byStage; w++ {
		size, seen := s.permitted(f), map[string]bool{}
		if len(f.SocketRoutes()) > 0 {
			size += statementSize + len(socketSource)
		}
		for _, stage := range api.DeployedStages() {
			for _, r := range f.Routes() {
				if source := stage.Name + "/" + w.source(r); r.Mock() == nil && !seen[source] {
					seen[source] = true
					size += statementSize + len(source)
				}
			}
		}
		if size <= maxFunctionPolicy {
			return w
		}
	}
	return byStage
}

// permissions let each route of each stage of the API in this account invoke
// its function, and nothing else; where a function's policy or the template has no room
// for that, the methods of its routes in the stage, or the stage.
func (s *stack) permissions(api *tier.API) {
	id := apiID(api)
	ids := map[string]int{}
	for _, r := range api.Routes() {
		ids[permissionID(id, r)]++
	}
	widths := map[*tier.Function]width{}
	for _, f := range api.Functions() {
		widths[f] = max(s.widthOf(api, f), s.least)
	}
	for i, stage := range api.DeployedStages() {
		of := ""
		if i > 0 {
			of = policy.LogicalID(stage.Name)
		}
		folded := map[string]bool{}
		for _, r := range api.Routes() {
			if r.Mock() != nil {
				continue // it invokes nothing
			}
			w := widths[r.Function()]
			p := permissionID(id, r) + of
			if ids[permissionID(id, r)] > 1 {
				p += shortSum(r.Pattern().String())
			}
			if w != byRoute {
				p = foldedID(id, r, w) + of
				if folded[p] {
					continue
				}
				folded[p] = true
			}
			s.permit(p, r.Function(), id, stage.Name+"/"+w.source(r), r.At())
		}
		if r := api.DefaultRoute(); r != nil && widths[r.Function()] != byStage {
			s.permit(policy.LogicalID(api.Name(), "api", "default-route-permission")+of, r.Function(), id, stage.Name+"/"+r.String(), r.At())
		}
	}
	s.authorizerPermissions(api)
}

// permit lets an API in this account invoke a function by what source says of its
// requests.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/arn-format-reference.html.
func (s *stack) permit(id string, f *tier.Function, apiID, source string, at datastore.Position) {
	s.add(resource{
		id: id, typ: "AWS::Lambda::Permission", at: at,
		properties: object{
			{"FunctionName", invoked(f)},
			{"Action", "lambda:InvokeFunction"},
			{"Principal", "apigateway.amazonaws.com"},
			{"SourceAccount", ref("AWS::AccountId")},
			{"SourceArn", sub(fmt.Sprintf("arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${%s}/%s", apiID, source))},
		},
	})
	s.granted(f, statementSize+len(source))
}

// granted counts what the permissions of a function take, and says so when they
// have no room, once.
func (s *stack) granted(f *tier.Function, size int) {
	if s.policies == nil {
		s.policies = map[*tier.Function]int{}
	}
	before := max(s.policies[f], policyFrame)
	s.policies[f] = before + size
	if before <= maxFunctionPolicy && before+size > maxFunctionPolicy {
		s.errs = append(s.errs, &datastore.DeclarationError{At: f.At(), Message: fmt.Sprintf(
			"function %s: too many stages or APIs may invoke it: their permissions can take more than the %d bytes that Lambda allows; divide it into several functions",
			f.Name(), maxFunctionPolicy)})
	}
}

// permitted is what the permissions of a function take that there are already, those of
// its event sources included.
func (s *stack) permitted(f *tier.Function) int {
	return max(s.policies[f], policyFrame) + s.sources[f]*(statementSize+sourceName)
}

// sourceName is what the name of an event source, which CloudFormation gives it, takes in
// most cases at most: enough to fold permissions of routes, not to refuse a function.
const sourceName = 64

// permissionID is made of the words of the route. Routes such as /a-b and /a/b
// have the same.
func permissionID(apiID string, r *tier.Route) string {
	words := []string{apiID, strings.ToLower(r.Pattern().Method)}
	if r.Pattern().Method == "" {
		words[1] = "any"
	}
	for _, seg := range r.Pattern().Segments {
		switch seg.Kind {
		case handler.Literal:
			words = append(words, seg.Text)
		case handler.Param:
			words = append(words, "by-"+seg.Text)
		case handler.Greedy:
			words = append(words, "all-"+seg.Text)
		}
	}
	return shorten(policy.LogicalID(append(words, "permission")...))
}

// foldedID is the id of a permission of several routes. It begins unlike those of
// one route, which have a method behind the API.
func foldedID(apiID string, r *tier.Route, w width) string {
	method := ""
	if w == byMethod {
		if method = strings.ToLower(r.Pattern().Method); method == "" {
			method = "any"
		}
	}
	return policy.LogicalID(apiID, "routes", r.Function().Name(), method, "permission")
}

// maxWords is how long the part of a logical id may be that is made of a path,
// which leaves room for a stage and a sum in the 255 characters of an id.
// See https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/resources-section-structure.html.
const maxWords = 110

// shorten cuts a long id and adds what tells it from others that begin the same.
func shorten(id string) string {
	if len(id) <= maxWords {
		return id
	}
	return id[:maxWords] + shortSum(id)
}

// shortSum tells ids apart that are made of the same words.
func shortSum(text string) string {
	sum := sha256.Sum256([]byte(text))
	return strings.ToUpper(hex.EncodeToString(sum[:4]))
}

// contentSum tells versions of something apart: what is made anew when it changes has
// the sum in its logical id.
func contentSum(content object) string {
	var b bytes.Buffer
	appendJSON(&b, content, "")
	sum := sha256.Sum256(b.Bytes())
	return strings.ToUpper(hex.EncodeToString(sum[:5]))
}
