package local

import (
	"encoding/json"
	"strconv"
	"strings"
)

// errorWords are what the variables of a gateway response stand for.
type errorWords struct {
	*exchange
	responseType string
	api          string
	body         []byte // of the error as AWS words it
}

// value of a variable, "" for what is not known; AWS does not document what it
// says of those.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html#context-variable-reference.
func (w *errorWords) value(name string) string {
	if rest, ok := strings.CutPrefix(name, "method.request."); ok {
		from, parameter, _ := strings.Cut(rest, ".")
		return w.parameter(from, parameter)
	}
	if variable, ok := strings.CutPrefix(name, "stageVariables."); ok {
		return memberText(w.variables, variable)
	}
	rest, ok := strings.CutPrefix(name, "context.")
	if !ok {
		return ""
	}
	if member, ok := strings.CutPrefix(rest, "authorizer."); ok {
		return memberText(w.authorizer, member)
	}
	if member, ok := strings.CutPrefix(rest, "identity."); ok {
		return w.identity(member)
	}
	return w.context(rest)
}

func (w *errorWords) context(name string) string {
	switch name {
	case "error.message", "error.messageString":
		return w.message(name == "error.messageString")
	case "error.responseType":
		return w.responseType
	case "error.validationErrorString":
		return w.invalid
	case "requestId":
		return w.ids.request
	case "extendedRequestId":
		return w.ids.extended
	case "httpMethod":
		return w.method
	case "path":
		return w.full
	case "stage":
		return w.stage.name
	case "isCanaryRequest":
		if w.stage.canary != nil {
			return strconv.FormatBool(w.canary)
		}
	case "accountId":
		return accountID
	case "protocol":
		return "HTTP/1.1"
	case "apiId":
		return apiID(w.api)
	case "domainName":
		return w.domain()
	case "domainPrefix":
		prefix, _, _ := strings.Cut(w.domain(), ".")
		return prefix
	case "resourceId", "resourcePath":
		return w.resource(name)
	case "requestTime":
		return w.at.UTC().Format(logTime)
	case "requestTimeEpoch":
		return strconv.FormatInt(w.at.UnixMilli(), 10)
	}
	return ""
}

// resource is what was found for the request, if a method was.
func (w *errorWords) resource(name string) string {
	switch {
	case w.match.method == nil:
		return ""
	case name == "resourceId":
		return nameID(6, "resource "+w.match.resource.path)
	}
	return w.match.resource.path
}

func (w *errorWords) identity(name string) string {
	c := &w.client
	switch name {
	case "sourceIp":
		return hostName(w.RemoteAddr)
	case "userAgent":
		return w.UserAgent()
	case "accessKey":
		return c.accessKey
	case "accountId":
		return c.accountID
	case "caller":
		return c.caller
	case "user":
		return c.user
	case "userArn":
		return c.userARN
	case "apiKeyId":
		return c.apiKeyID
	case "cognitoAuthenticationProvider":
		return c.cognitoAuthenticationProvider
	case "cognitoAuthenticationType":
		return c.cognitoAuthenticationType
	case "cognitoIdentityId":
		return c.cognitoIdentityID
	case "cognitoIdentityPoolId":
		return c.cognitoIdentityPoolID
	case "principalOrgId":
		return c.principalOrgID
	}
	return ""
}

// parameter is the last value of a parameter of the request.
func (w *errorWords) parameter(from, name string) string {
	switch from {
	case "header":
		return lastOf(w.headerValues(name))
	case "querystring":
		return lastOf(queryValues(w.URL.RawQuery, "&;", name))
	case "path":
		return w.match.parameter(name)
	}
	return ""
}

// message of the error, as a JSON string or without its quotes.
func (w *errorWords) message(quoted bool) string {
	var said struct{ Message *string } // decoded without regard to case
	if json.Unmarshal(w.body, &said) != nil || said.Message == nil {
		return "null"
	}
	if !quoted {
		return *said.Message
	}
	return string(appendString(nil, *said.Message))
}

// memberText is the text of a member of a JSON object, by the names on the way to
// it with dots between them; "" if there is none.
func memberText(object []byte, path string) string {
	var value any
	if len(object) == 0 || json.Unmarshal(object, &value) != nil {
		return ""
	}
	for path != "" {
		members, ok := value.(map[string]any)
		if !ok {
			return ""
		}
		name, rest, _ := strings.Cut(path, ".")
		value, path = members[name], rest
	}
	switch v := value.(type) {
	case string:
		return v
	case nil, map[string]any, []any:
		return ""
	default:
		text, err := json.Marshal(v)
		if err != nil {
			return ""
		}
		return string(text)
	}
}
