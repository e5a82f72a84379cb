package local

import (
	"strconv"
	"time"

	"github.com/seed-18e8afb5/tierkit/tier/policy/evaluate"
)

// cognitoService vouches for sessions from identity pools.
const cognitoService = "cognito-identity.amazonaws.com"

// principal is the identity as policies see it.
func (i *Identity) principal() evaluate.Principal {
	p := evaluate.Principal{ARN: i.ARN}
	if i.Cognito != nil {
		p.Federated = cognitoService
	}
	return p
}

// conditions are the condition keys of a request by the caller.
// See https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html.
func (x *exchange) conditions(caller *Identity, region string) map[string][]string {
	context := caller.conditions(x.at, region)
	x.addConditions(context)
	return context
}

// addConditions adds the keys that depend on the request.
func (x *exchange) addConditions(context map[string][]string) {
	context["aws:SourceIp"] = []string{hostName(x.RemoteAddr)}
	if agent := x.UserAgent(); agent != "" {
		context["aws:UserAgent"] = []string{agent}
	}
	if referer := x.Referer(); referer != "" {
		context["aws:Referer"] = []string{referer}
	}
}

// commonConditions are the keys that depend on nobody. That a request is secure
// is what functions are told, too.
func commonConditions(at time.Time, region string) map[string][]string {
	return map[string][]string{
		"aws:CurrentTime":           {at.UTC().Format(time.RFC3339)},
		"aws:EpochTime":             {strconv.FormatInt(at.Unix(), 10)},
		"aws:SecureTransport":       {"true"},
		"aws:RequestedRegion":       {region},
		"aws:ResourceAccount":       {accountID},
		"aws:ViaAWSService":         {"false"},
		"aws:PrincipalIsAWSService": {"false"},
	}
}

// conditions are the keys that do not depend on the request.
func (i *Identity) conditions(at time.Time, region string) map[string][]string {
	context := commonConditions(at, region)
	context["aws:PrincipalType"] = []string{"User"}
	if i.isSession() {
		context["aws:PrincipalType"] = []string{"AssumedRole"}
	}
	context["aws:userid"] = []string{i.UserID}
	if c := i.Cognito; c != nil {
		context["aws:FederatedProvider"] = []string{cognitoService}
		context[cognitoService+":sub"] = []string{c.IdentityID}
		context[cognitoService+":aud"] = []string{c.IdentityPoolID}
		context[cognitoService+":amr"] = c.amr()
	}
	return context
}

// amr is how the user was authenticated: the type, and what the file adds.
func (c *CognitoIdentity) amr() []string {
	kind := c.AuthenticationType
	if kind == "" {
		kind = authenticated
	}
	return append([]string{kind}, c.AMR...)
}

// identity is the caller as the event of a REST API tells it.
func (i *Identity) identity() identity {
	id := identity{
		accessKey: i.Credentials.AccessKey, accountID: i.account(), caller: i.UserID, user: i.UserID, userARN: i.ARN,
	}
	if c := i.Cognito; c != nil {
		id.cognitoIdentityID, id.cognitoIdentityPoolID = c.IdentityID, c.IdentityPoolID
		id.cognitoAuthenticationType, id.cognitoAuthenticationProvider = c.amr()[0], c.AuthenticationProvider
	}
	return id
}

// appendAuthorizer appends the caller as payload format 2.0 tells it below "iam".
// See https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html.
func (i *Identity) appendAuthorizer(b []byte) []byte {
	for _, member := range [...]struct{ name, value string }{
		{`{"accessKey":`, i.Credentials.AccessKey},
		{`,"accountId":`, i.account()},
		{`,"callerId":`, i.UserID},
	} {
		b = append(b, member.name...)
		b = appendString(b, member.value)
	}
	b = append(b, `,"cognitoIdentity":`...)
	if c := i.Cognito; c != nil {
		b = append(b, `{"amr":`...)
		b = appendAll(b, c.amr())
		b = append(b, `,"identityId":`...)
		b = appendString(b, c.IdentityID)
		b = append(b, `,"identityPoolId":`...)
		b = appendString(b, c.IdentityPoolID)
		b = append(b, '}')
	} else {
		b = append(b, "null"...)
	}
	b = append(b, `,"principalOrgId":null,"userArn":`...)
	b = appendString(b, i.ARN)
	b = append(b, `,"userId":`...)
	b = appendString(b, i.UserID)
	return append(b, '}')
}
