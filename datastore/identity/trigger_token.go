package identity

// PreTokenGeneration is asked before tokens are made, and changes the ID token and
// groups: TokenGeneration_Authentication, TokenGeneration_HostedAuth,
// TokenGeneration_NewPasswordChallenge, TokenGeneration_AuthenticateDevice,
// TokenGeneration_RefreshTokens. It is version V1_0 of the event. A pool has one of
// this, [Directory.TokenClaims] and [Directory.MachineClaims].
//
// See https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-pre-token-generation.html
func (d *Directory) PreTokenGeneration() *Trigger[PreTokenGenerationRequest, PreTokenGenerationResponse] {
	t := trigger[PreTokenGenerationRequest, PreTokenGenerationResponse](d, "PreTokenGeneration V1_0", tokenGeneration)
	t.basic = true
	return t
}

const tokenGeneration = "TokenGeneration"

// PreTokenGenerationEvent is what [Directory.PreTokenGeneration] gives a function.
type PreTokenGenerationEvent = TriggerEvent[PreTokenGenerationRequest, PreTokenGenerationResponse]

// PreTokenGenerationRequest is whom the tokens are for.
type PreTokenGenerationRequest struct {
	UserAttributes     map[string]string `json:"userAttributes"`
	GroupConfiguration TokenGroups       `json:"groupConfiguration"`
	ClientMetadata     map[string]string `json:"clientMetadata"`
}

// TokenGroups are the groups of a user, as tokens have them.
type TokenGroups struct {
	Groups        []string `json:"groupsToOverride"`
	Roles         []string `json:"iamRolesToOverride"` // ARNs of the groups' roles
	PreferredRole *string  `json:"preferredRole"`      // its ARN, nil for none
}

// PreTokenGenerationResponse changes an ID token; nil changes nothing.
type PreTokenGenerationResponse struct {
	Claims *ClaimsOverride `json:"claimsOverrideDetails"`
}

// ClaimsOverride are the changes of an ID token. A claim that is in both lists is
// suppressed.
type ClaimsOverride struct {
	Set      map[string]string `json:"claimsToAddOrOverride,omitempty"`
	Suppress []string          `json:"claimsToSuppress,omitempty"`
	Groups   *TokenGroups      `json:"groupOverrideDetails,omitempty"` // nil leaves them
}

// TokenClaims is like [Directory.PreTokenGeneration], and changes access tokens, too,
// with claims of any JSON type: version V2_0 of the event. The pool needs the plan
// Essentials or Plus.
//
// See https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-pre-token-generation.html
func (d *Directory) TokenClaims() *Trigger[TokenClaimsRequest, TokenClaimsResponse] {
	t := trigger[TokenClaimsRequest, TokenClaimsResponse](d, "PreTokenGeneration V2_0", tokenGeneration)
	t.other = true
	return t
}

// MachineClaims is like [Directory.TokenClaims], and is asked for the access tokens of
// machines, too (TokenGeneration_ClientCredentials), which have no user: version V3_0
// of the event. The pool needs the plan Essentials or Plus.
//
// See https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-pre-token-generation.html
func (d *Directory) MachineClaims() *Trigger[TokenClaimsRequest, TokenClaimsResponse] {
	t := trigger[TokenClaimsRequest, TokenClaimsResponse](d, "PreTokenGeneration V3_0", tokenGeneration)
	t.other = true
	return t
}

// TokenClaimsEvent is what [Directory.TokenClaims] and [Directory.MachineClaims] give a
// function.
type TokenClaimsEvent = TriggerEvent[TokenClaimsRequest, TokenClaimsResponse]

// TokenClaimsRequest is whom the tokens are for.
type TokenClaimsRequest struct {
	UserAttributes     map[string]string `json:"userAttributes"`
	GroupConfiguration TokenGroups       `json:"groupConfiguration"`
	Scopes             []string          `json:"scopes"` // of the access token
	ClientMetadata     map[string]string `json:"clientMetadata"`
}

// TokenClaimsResponse changes the tokens; nil changes nothing.
type TokenClaimsResponse struct {
	Claims *TokenOverride `json:"claimsAndScopeOverrideDetails"`
}

// TokenOverride are the changes of both tokens, nil for none of one.
type TokenOverride struct {
	ID     *IDTokenClaims     `json:"idTokenGeneration,omitempty"`
	Access *AccessTokenClaims `json:"accessTokenGeneration,omitempty"`
	Groups *TokenGroups       `json:"groupOverrideDetails,omitempty"`
}

// IDTokenClaims are the changes of an ID token. The values are what JSON has: text,
// numbers, booleans, lists, objects.
type IDTokenClaims struct {
	Set      map[string]any `json:"claimsToAddOrOverride,omitempty"`
	Suppress []string       `json:"claimsToSuppress,omitempty"`
}

// AccessTokenClaims are the changes of an access token.
type AccessTokenClaims struct {
	Set            map[string]any `json:"claimsToAddOrOverride,omitempty"`
	Suppress       []string       `json:"claimsToSuppress,omitempty"`
	AddScopes      []string       `json:"scopesToAdd,omitempty"`
	SuppressScopes []string       `json:"scopesToSuppress,omitempty"`
}
