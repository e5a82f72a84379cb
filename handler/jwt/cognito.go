package jwt

import (
	"fmt"
	"strings"
)

// CognitoPool is an Amazon Cognito user pool as an issuer of tokens.
//
// See https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-tokens-verifying-a-jwt.html
type CognitoPool struct {
	Region string // "eu-west-1"
	ID     string // "eu-west-1_Example12"
}

// Issuer is what the pool's tokens have as "iss".
func (p CognitoPool) Issuer() string {
	return "https://cognito-idp." + p.Region + ".amazonaws.com/" + p.ID
}

// JWKSURL is where the pool's keys are.
func (p CognitoPool) JWKSURL() string { return p.Issuer() + "/.well-known/jwks.json" }

// IDTokens are settings for the pool's ID tokens, which say who a user is, made
// for one of the app clients. API Gateway's Cognito authorizer expects one on
// methods without scopes.
//
// For keys of one's own set Keys and empty JWKSURL, or change JWKSURL.
func (p CognitoPool) IDTokens(clientIDs ...string) Settings {
	return Settings{Issuer: p.Issuer(), Audiences: clientIDs, TokenUse: "id", JWKSURL: p.JWKSURL(), err: p.check()}
}

// AccessTokens are settings for the pool's access tokens, which say what a user
// or a machine may do, made for one of the app clients. They have no audience
// but a client id; one that was bound to a resource has it as audience, to be
// named in Audiences. API Gateway's Cognito authorizer expects one on methods
// with scopes.
func (p CognitoPool) AccessTokens(clientIDs ...string) Settings {
	return Settings{Issuer: p.Issuer(), ClientIDs: clientIDs, TokenUse: "access", JWKSURL: p.JWKSURL(), err: p.check()}
}

// check keeps a slip of the settings from becoming another host.
func (p CognitoPool) check() error {
	if p.Region == "" || strings.Trim(p.Region, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		return fmt.Errorf("user pool %q: region %q: it is like eu-west-1", p.ID, p.Region)
	}
	if before, after, ok := strings.Cut(p.ID, "_"); !ok || before == "" || after == "" || strings.ContainsAny(p.ID, "/?#%@ ") {
		return fmt.Errorf("user pool %q: its id is like %s_Example12", p.ID, p.Region)
	}
	return nil
}
