"""The simulated Azure on the wire: ARM, Microsoft Graph and tokens over one ``World``, on a loopback port."""
