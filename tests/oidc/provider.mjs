// A real provider of single sign-on for the tests: one client, one account; whoever asks signs in as `account`.
// It prints "ready" when it listens. argv[2]: JSON with port, client_id, client_secret, redirect_uri, after, account, amr.
import Provider from 'oidc-provider';

const order = JSON.parse(process.argv[2]);
const issuer = `http://127.0.0.1:${order.port}`;
const provider = new Provider(issuer, {
  clients: [{
    client_id: order.client_id,
    client_secret: order.client_secret,
    redirect_uris: [order.redirect_uri],
    post_logout_redirect_uris: [order.after],
    response_types: ['code'],
    grant_types: ['authorization_code'],
  }],
  cookies: { keys: ['only for tests'] },
  claims: { openid: ['sub', 'acr', 'amr', 'auth_time'] },
  conformIdTokenClaims: false,
  pkce: { required: () => true },
  features: { devInteractions: { enabled: false } },
  interactions: { url: (ctx, interaction) => `/interaction/${interaction.uid}` },
  findAccount: (ctx, id) => ({ accountId: id, claims: () => ({ sub: id, email: 'chief@example.test' }) }),
});
// The person is known here already: every interaction is answered at once.
provider.use(async (ctx, next) => {
  if (!ctx.path.startsWith('/interaction/')) return next();
  const details = await provider.interactionDetails(ctx.req, ctx.res);
  const { prompt, params, session, grantId } = details;
  let result = {};
  if (prompt.name === 'login') {
    result = { login: { accountId: order.account, amr: order.amr } };
  } else {
    const grant = grantId ? await provider.Grant.find(grantId)
      : new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
    grant.addOIDCScope('openid');
    result = { consent: { grantId: await grant.save() } };
  }
  ctx.redirect(await provider.interactionResult(ctx.req, ctx.res, result, { mergeWithLastSubmission: true }));
});
provider.on('server_error', (ctx, problem) => console.error(problem));
provider.listen(order.port, '127.0.0.1', () => console.log('ready'));
