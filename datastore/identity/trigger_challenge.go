package identity

// DefineAuthChallenge is asked what comes next in a sign-in of the flow CUSTOM_AUTH:
// at its begin and after each answer.
//
// See https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-define-auth-challenge.html
func (d *Directory) DefineAuthChallenge() *Trigger[DefineAuthChallengeRequest, DefineAuthChallengeResponse] {
	return trigger[DefineAuthChallengeRequest, DefineAuthChallengeResponse](d, "DefineAuthChallenge", "DefineAuthChallenge")
}

// DefineAuthChallengeEvent is what [Directory.DefineAuthChallenge] gives a function.
type DefineAuthChallengeEvent = TriggerEvent[DefineAuthChallengeRequest, DefineAuthChallengeResponse]

// Challenge is one that the user was given.
type Challenge struct {
	Name     string `json:"challengeName"`     // "CUSTOM_CHALLENGE", "SRP_A", "PASSWORD_VERIFIER"
	Correct  bool   `json:"challengeResult"`   // whether the answer was
	Metadata string `json:"challengeMetadata"` // that CreateAuthChallenge gave it
}

// DefineAuthChallengeRequest is how far the sign-in has come.
type DefineAuthChallengeRequest struct {
	UserAttributes map[string]string `json:"userAttributes"`
	Session        []Challenge       `json:"session"` // in order; empty at the begin
	ClientMetadata map[string]string `json:"clientMetadata"`
	// UserNotFound says that there is no such user, where the client hides that. Go on
	// as with one who is, and fail the answers.
	UserNotFound bool `json:"userNotFound"`
}

// DefineAuthChallengeResponse is what comes next: a challenge, tokens, or the end.
type DefineAuthChallengeResponse struct {
	ChallengeName      string `json:"challengeName"` // "CUSTOM_CHALLENGE", or one of Cognito
	IssueTokens        bool   `json:"issueTokens"`
	FailAuthentication bool   `json:"failAuthentication"`
}

// CreateAuthChallenge is asked for the challenge that DefineAuthChallenge has named.
//
// See https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-create-auth-challenge.html
func (d *Directory) CreateAuthChallenge() *Trigger[CreateAuthChallengeRequest, CreateAuthChallengeResponse] {
	return trigger[CreateAuthChallengeRequest, CreateAuthChallengeResponse](d, "CreateAuthChallenge", "CreateAuthChallenge")
}

// CreateAuthChallengeEvent is what [Directory.CreateAuthChallenge] gives a function.
type CreateAuthChallengeEvent = TriggerEvent[CreateAuthChallengeRequest, CreateAuthChallengeResponse]

// CreateAuthChallengeRequest is for whom a challenge is made.
type CreateAuthChallengeRequest struct {
	UserAttributes map[string]string `json:"userAttributes"`
	ChallengeName  string            `json:"challengeName"`
	Session        []Challenge       `json:"session"` // in order; empty at the begin
	ClientMetadata map[string]string `json:"clientMetadata"`
	UserNotFound   bool              `json:"userNotFound"`
}

// CreateAuthChallengeResponse is the challenge.
type CreateAuthChallengeResponse struct {
	Public   map[string]string `json:"publicChallengeParameters"`  // for the client
	Private  map[string]string `json:"privateChallengeParameters"` // for VerifyAuthChallenge: the right answer
	Metadata string            `json:"challengeMetadata"`          // a name for the Session; may be ""
}

// VerifyAuthChallenge is asked whether the answer of the user is right.
//
// See https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-verify-auth-challenge-response.html
func (d *Directory) VerifyAuthChallenge() *Trigger[VerifyAuthChallengeRequest, VerifyAuthChallengeResponse] {
	return trigger[VerifyAuthChallengeRequest, VerifyAuthChallengeResponse](d, "VerifyAuthChallengeResponse", "VerifyAuthChallengeResponse")
}

// VerifyAuthChallengeEvent is what [Directory.VerifyAuthChallenge] gives a function.
type VerifyAuthChallengeEvent = TriggerEvent[VerifyAuthChallengeRequest, VerifyAuthChallengeResponse]

// VerifyAuthChallengeRequest is an answer, and what CreateAuthChallenge kept for it.
type VerifyAuthChallengeRequest struct {
	UserAttributes map[string]string `json:"userAttributes"`
	Private        map[string]string `json:"privateChallengeParameters"`
	Answer         string            `json:"challengeAnswer"`
	ClientMetadata map[string]string `json:"clientMetadata"`
	UserNotFound   bool              `json:"userNotFound"`
}

// VerifyAuthChallengeResponse is the verdict.
type VerifyAuthChallengeResponse struct {
	Correct bool `json:"answerCorrect"`
}
