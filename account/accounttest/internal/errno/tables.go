package errno

// Row is one line of an error table; the texts are the service's own.
type Row struct {
	Status          int
	Phrase, Message string
	Waits           bool // sends Retry-After
}

const (
	badRequest   = "Bad Request"
	unauthorized = "Unauthorized"
	unavailable  = "Service Unavailable"
)

// Tables hold the numbers real clients meet, by space.
var Tables = [...]map[int]Row{
	AuthSpace: {
		101: {400, badRequest, "There is an account with this address already", false},
		102: {400, badRequest, "There is no such account", false},
		103: {400, badRequest, "The password is wrong", false},
		104: {400, badRequest, "The account is not confirmed", false},
		105: {400, badRequest, "The confirmation code is wrong", false},
		106: {400, badRequest, "The request body is not JSON", false},
		107: {400, badRequest, "A parameter of the request is invalid", false},
		108: {400, badRequest, "A parameter of the request is missing", false},
		109: {401, unauthorized, "The request's signature is wrong", false},
		110: {401, unauthorized, "The token is invalid", false},
		111: {401, unauthorized, "The request's time stamp is too far off", false},
		112: {411, "Length Required", "Content-Length is missing", false},
		113: {413, "Request Entity Too Large", "The request body is too large", false},
		114: {429, "Too Many Requests", "There were too many requests", true},
		115: {401, unauthorized, "The request's nonce was used before", false},
		116: {410, "Gone", "This route was removed", false},
		120: {400, badRequest, "The address has other capital letters than the stored one", false},
		123: {400, badRequest, "There is no such device", false},
		124: {400, badRequest, "The session has another device already", false},
		125: {400, "Request blocked", "The request was blocked for security reasons", false},
		126: {400, badRequest, "The account must be reset", false},
		127: {400, badRequest, "The unblock code is wrong", false},
		138: {400, badRequest, "The session is not confirmed", false},
		142: {400, badRequest, "Secondary addresses cannot sign in", false},
		149: {400, badRequest, "This address cannot sign in", false},
		151: {422, "Unprocessable Entity", "The message could not be sent", false},
		157: {400, badRequest, "The device does not offer this command", false},
		160: {400, badRequest, "Two-step authentication must be on", false},
		162: {400, badRequest, "The client is unknown", false},
		163: {400, "Invalid scopes", "A requested scope is not allowed", false},
		164: {400, badRequest, "The sign-in is too long ago", false},
		165: {409, "Conflict", "Two writers met in the store", false},
		166: {400, badRequest, "The client is not public", false},
		167: {400, badRequest, "The redirect URI is not registered", false},
		168: {400, badRequest, "The response type is unknown", false},
		169: {400, "PKCE parameters missing", "The public client sent no PKCE parameters", false},
		170: {400, badRequest, "The session does not meet acr_values", false},
		171: {400, badRequest, "The client secret is wrong", false},
		172: {400, badRequest, "The authorization code is unknown", false},
		173: {400, badRequest, "The authorization code belongs to another client", false},
		174: {400, badRequest, "The authorization code has expired", false},
		175: {400, "PKCE parameters missing", "The PKCE verifier does not fit", false},
		182: {400, badRequest, "The refresh token is unknown", false},
		183: {400, badRequest, "The code is wrong or has expired", false},
		201: {503, unavailable, "The service is busy", true},
		202: {403, "Feature not enabled", "The feature is switched off", true},
		203: {500, "Internal Server Error", "A service behind this one failed", false},
		204: {503, "Client Disabled", "The client is switched off for now", true},
		210: {400, badRequest, "The account has no password yet", false},
		222: {400, badRequest, "The session's assurance level is too low", false},
		223: {401, unauthorized, "The multi-factor token is wrong", false},
		998: {500, "Internal Server Error", "An internal check failed", false},
		999: {500, "Internal Server Error", "Something went wrong", false},
	},
	OAuthSpace: {
		101: {400, badRequest, "Unknown client", false},
		102: {400, badRequest, "Wrong client secret", false},
		103: {400, badRequest, "Wrong redirect URI", false},
		104: {401, badRequest, "The identity is not proven", false},
		105: {400, badRequest, "Unknown code", false},
		106: {400, badRequest, "Code of another client", false},
		107: {400, badRequest, "Expired code", false},
		108: {400, badRequest, "Invalid token", false},
		109: {400, badRequest, "Invalid parameter", false},
		110: {400, badRequest, "Unknown response type", false},
		111: {401, unauthorized, "Not authorized for this route", false},
		112: {403, "Forbidden", "Forbidden", false},
		113: {415, "Unsupported Media Type", "Unknown content type", false},
		114: {400, "Invalid scopes", "Scope not allowed", false},
		115: {400, badRequest, "Expired token", false},
		116: {400, badRequest, "Not a public client", false},
		117: {400, badRequest, "PKCE verifier does not fit", false},
		118: {400, "PKCE parameters missing", "PKCE parameters missing", false},
		119: {401, badRequest, "The sign-in is too old", false},
		120: {400, badRequest, "acr_values not met", false},
		121: {400, badRequest, "Unknown grant type", false},
		122: {400, badRequest, "Unknown token", false},
		201: {503, unavailable, "Unavailable", false},
		202: {503, "Client Disabled", "The client is switched off", false},
		999: {500, "Internal Server Error", "Something went wrong", false},
	},
	ProfileSpace: {
		100: {401, badRequest, "Not authorized", false},
		101: {400, badRequest, "A parameter is invalid", false},
		104: {503, unavailable, "The OAuth service failed", false},
		105: {503, unavailable, "The accounts service failed", false},
		114: {429, "Too Many Requests", "There were too many requests", true},
		125: {400, "Request blocked", "The request was blocked", false},
		999: {500, "Internal Server Error", "Something went wrong", false},
	},
	ContentSpace: {
		999: {500, "Internal Server Error", "Something went wrong", false},
	},
}

// oauthToAuth says what an OAuth failure looks like on auth-style routes.
// 111, 112 and 115 are not in it: they pass as they are.
var oauthToAuth = map[int]int{
	101: 162, 102: 171, 103: 167, 104: 110, 105: 172, 106: 173, 107: 174, 108: 110, 109: 107,
	110: 168, 114: 163, 116: 166, 117: 175, 118: 169, 119: 164, 120: 170, 121: 107, 122: 182,
	201: 201, 202: 204, 999: 999,
}
