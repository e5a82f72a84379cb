package lambda

import (
	"encoding/json"
	"strings"

	"github.com/seed-18e8afb5/tierkit/handler"
)

// contextCaller reads an authorizer context: that of a JWT or Cognito
// authorizer, which has an object "claims", or else that of a Lambda
// authorizer.
func (e *event) contextCaller(v span) handler.Caller {
	var claims, scopes span
	for name, value := range e.members(v) {
		switch name {
		case "claims":
			claims = value
		case "scopes":
			scopes = value
		}
	}
	if !e.is(claims, '{') {
		return e.lambdaCaller(v)
	}
	c := handler.Caller{Kind: handler.CallerJWT, Claims: e.textMap(claims), Scopes: e.list(scopes)}
	c.ID = c.Claims["sub"]
	if c.Scopes == nil {
		// API Gateway names the scopes only on routes that ask for some.
		scope := c.Claims["scope"]
		if scope == "" {
			scope = unbracketed(c.Claims["scp"])
		}
		if scope != "" {
			c.Scopes = strings.Fields(scope)
		}
	}
	c.Groups = groups(c.Claims["cognito:groups"])
	return c
}

// lambdaCaller reads what a Lambda authorizer passed on. The gateway adds its
// principal id (REST API) and the time that it took.
func (e *event) lambdaCaller(v span) handler.Caller {
	context := e.textMap(v)
	if len(context) == 0 {
		return handler.Caller{}
	}
	c := handler.Caller{Kind: handler.CallerLambda, ID: context["principalId"], Claims: context}
	delete(context, "principalId")
	delete(context, "integrationLatency")
	return c
}

// identityCaller reads the identity of a REST API's caller that signed with
// SigV4.
func (e *event) identityCaller(v span) handler.Caller {
	c := handler.Caller{Kind: handler.CallerIAM}
	caller := ""
	for name, value := range e.members(v) {
		switch name {
		case "user":
			c.ID = e.text(value)
		case "caller":
			caller = e.text(value)
		case "userArn":
			c.ARN = e.text(value)
		case "accountId":
			c.Account = e.text(value)
		case "cognitoIdentityId":
			c.Identity = e.text(value)
		}
	}
	if c.ID == "" {
		c.ID = caller
	}
	if c.ID == "" && c.ARN == "" {
		return handler.Caller{}
	}
	return c
}

// iamCaller reads the same of payload format 2.0.
func (e *event) iamCaller(v span) handler.Caller {
	c := handler.Caller{Kind: handler.CallerIAM}
	for name, value := range e.members(v) {
		switch name {
		case "userId":
			c.ID = e.text(value)
		case "userArn":
			c.ARN = e.text(value)
		case "accountId":
			c.Account = e.text(value)
		case "cognitoIdentity":
			for name, value := range e.members(value) {
				if name == "identityId" {
					c.Identity = e.text(value)
				}
			}
		}
	}
	if c.ID == "" && c.ARN == "" {
		return handler.Caller{}
	}
	return c
}

// textMap is an object with every value as text: lists and objects as their
// JSON. Nulls are left out.
func (e *event) textMap(v span) map[string]string {
	var m map[string]string
	for name, value := range e.members(v) {
		text, ok := e.scalar(value)
		if !ok {
			if !e.has(value) {
				continue
			}
			text = e.payload[value.from:value.to]
		}
		if m == nil {
			m = map[string]string{}
		}
		m[name] = text
	}
	return m
}

// groups are the groups in a claim: "[a b]" of an HTTP API, "a,b" of a REST
// API, a JSON list of other authorizers.
func groups(claim string) []string {
	if claim == "" {
		return nil
	}
	if strings.HasPrefix(claim, `["`) {
		var list []string
		if json.Unmarshal([]byte(claim), &list) == nil {
			return list
		}
	}
	if inner := unbracketed(claim); inner != claim {
		return strings.Fields(inner)
	}
	return strings.FieldsFunc(claim, func(r rune) bool { return r == ',' })
}

// unbracketed is "a b" of "[a b]".
func unbracketed(s string) string {
	if strings.HasPrefix(s, "[") && strings.HasSuffix(s, "]") {
		return s[1 : len(s)-1]
	}
	return s
}
